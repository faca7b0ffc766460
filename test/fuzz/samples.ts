import { open, type ArchiveBytes, type Collection, type Database, type PointInput } from '../../src/index.ts'
import { collect } from '../support/archives.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { Dice } from './dice.ts'
import { filler } from './mutate-file.ts'

export interface Sample {
  readonly name: string
  readonly scope: 'collection' | 'store' | 'shard'
  readonly bytes: Uint8Array
  /** The archive that it needs, if it is an incremental one. */
  readonly base?: Uint8Array
}

/** A sealed snapshot's own files, and the first of them. */
export interface SealedSample {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly metadata: string
}

export interface Samples {
  readonly archives: readonly Sample[]
  readonly sealed: SealedSample
}

const vectors = {
  '': { size: 4, distance: 'Cosine' },
  five: { size: 5, distance: 'Euclid', datatype: 'float16' },
  bytes: { size: 3, distance: 'Dot', datatype: 'uint8' },
  words: { kind: 'sparse', size: 0, distance: 'Dot', modifier: 'idf' },
  many: { kind: 'multi', size: 2, distance: 'Dot' },
} as const

const payloadIndexes = {
  n: { type: 'integer' },
  f: { type: 'float' },
  city: { type: 'keyword' },
  yes: { type: 'bool' },
  at: { type: 'datetime' },
  text: { type: 'text', tokenizer: 'word', lowercase: true, phraseMatching: true },
  place: { type: 'geo' },
  ref: { type: 'uuid' },
} as const

/** Small archives of every kind, made by the engine; the same ones at every run. */
export async function makeSamples(): Promise<Samples> {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const dice = new Dice(1)
  const rich = await db.createCollection('rich', { vectors, shardNumber: 2, payloadIndexes })
  await fill(db, rich, dice)
  const plain = await db.createCollection('plain', { vectors: { v: { size: 3, distance: 'Dot' } } })
  await plain.upsert([1, 2, 3].map((id) => ({ id, vectors: { v: [id, 0, 1] }, payload: { n: id } })))
  await db.createCollection('empty', { vectors: {} })
  const parted = await db.createCollection('parted', {
    vectors: { v: { size: 2, distance: 'Dot' } },
    shardNumber: 2,
  })
  await parted.createPartition('north')
  await parted.createPartition('south')
  for (const [partition, first] of [
    ['_default', 1],
    ['north', 5],
    ['south', 9],
  ] as const)
    await parted.upsert(
      [0, 1, 2, 3].map((i) => ({ id: first + i, vectors: { v: [i, 1] }, payload: { n: i } })),
      { partition },
    )
  await parted.dropPartition('north')
  await db.updateAliases([{ kind: 'create', alias: 'also rich', collection: 'rich' }])
  const whole = await db.createSnapshot({ name: 'whole', labels: { zone: 'eu' }, description: 'all of it' })
  const before = await rich.createSnapshot({ name: 'before' })
  await rich.upsert(Array.from({ length: 5 }, (_, i) => point(dice, 100 + i)))
  await rich.delete({ ids: [3, 4, 11] })
  const after = await rich.createSnapshot({ name: 'after' })
  const shard = await rich.shard(1).createSnapshot({ name: 'one shard' })
  const bytesOf = async (archive: ArchiveBytes): Promise<Uint8Array> => collect(archive.stream())
  const base = await bytesOf(await before.archive())
  const archives: Sample[] = [
    { name: 'rich', scope: 'collection', bytes: await bytesOf(await after.archive()) },
    {
      name: 'plain',
      scope: 'collection',
      bytes: await bytesOf(await (await plain.createSnapshot()).archive()),
    },
    {
      name: 'parted',
      scope: 'collection',
      bytes: await bytesOf(await (await parted.createSnapshot()).archive()),
    },
    { name: 'store', scope: 'store', bytes: await bytesOf(await whole.archive()) },
    { name: 'shard', scope: 'shard', bytes: await bytesOf(await shard.archive()) },
    {
      name: 'incremental',
      scope: 'collection',
      bytes: await bytesOf(await after.archive({ since: 'before' })),
      base,
    },
  ]
  const sealed = await sealedFiles(disk, after.id)
  await db.close()
  return { archives, sealed }
}

async function fill(db: Database, rich: Collection, dice: Dice): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await rich.upsert(Array.from({ length: 12 }, (_, i) => point(dice, round * 10 + i)))
    await db.flush()
  }
  await rich.upsert([
    { id: dice.uuid(), vectors: { '': [1, 0, 0, 0] } },
    { id: 2n ** 64n - 1n, payload: { n: 7 } },
  ])
  await rich.delete({ ids: [0, 5, 21] })
}

function point(dice: Dice, id: number): PointInput {
  const values = (length: number): number[] => Array.from({ length }, () => dice.under(40) / 4 - 5)
  const n = dice.under(9)
  return {
    id,
    vectors: {
      ...(dice.chance(0.9) ? { '': values(4) } : {}),
      ...(dice.chance(0.7) ? { five: values(5) } : {}),
      bytes: [dice.under(256), dice.under(256), n],
      ...(dice.chance(0.8) ? { words: { indices: [n, 100 + n, 4_000_000], values: [1, 2, n] } } : {}),
      ...(dice.chance(0.8) ? { many: [values(2), values(2)] } : {}),
    },
    payload: {
      n,
      f: n / 4,
      city: dice.pick(['Rome', 'Oslo', 'Lima']),
      yes: dice.chance(0.5),
      at: `2024-01-0${1 + n}T00:00:00Z`,
      text: `quick brown fox ${n}`,
      place: { lon: n, lat: -n },
      ref: dice.uuid(),
      list: [{ a: n }, { a: null }],
      ...(id === 12 || id === 1 ? { filler } : {}),
    },
  }
}

async function sealedFiles(disk: SimulatedDisk, snapshot: string): Promise<SealedSample> {
  const paths = disk.paths().filter((path) => path.includes('/snapshots/'))
  const files = new Map<string, Uint8Array>()
  let metadata = ''
  for (const path of paths) {
    const key = path.slice(path.indexOf('/snapshots/') + 1)
    const bytes = await disk.readFile(path)
    files.set(key, bytes)
    if (key.endsWith('.json') && Buffer.from(bytes).includes(snapshot)) metadata = key
  }
  if (metadata === '') throw new Error(`no metadata among ${paths.join(', ')}`)
  return { files, metadata }
}
