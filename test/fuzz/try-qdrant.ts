import { isDatabaseError } from '../../src/index.ts'
import { parseJson } from '../../src/encoding/json.ts'
import { openQdrantArchive } from '../../src/snapshot/qdrant/archive.ts'
import type { EntryBytes, QdrantSegment } from '../../src/snapshot/qdrant/types.ts'
import { collectionArchive, fullArchive, shardArchive } from '../support/qdrant-archive/archive.ts'
import type { Files } from '../support/qdrant-archive/id-trackers.ts'
import { everyKind, everyPoint } from '../support/qdrant-archive/samples.ts'
import type { TestSegment } from '../support/qdrant-archive/segment.ts'
import { Dice } from './dice.ts'
import { Wrong } from './examine.ts'
import { mutateBytes } from './mutate-bytes.ts'

/** What reading an archive of some hundred kilobytes may take, holes of sparse files included. */
const readMax = 256 * 2 ** 20
const pointsMax = 10_000

export interface QdrantTry {
  /** Empty if all of it was read. */
  readonly code: string
  readonly changes: readonly string[]
  readonly bytes: Buffer
}

/** An archive in Qdrant's layout, damaged so that the checksums of its tar headers are right most of the time. */
export async function tryQdrant(seed: number, index: number): Promise<QdrantTry> {
  const dice = new Dice(seed, index)
  const changes: string[] = []
  const bytes = makeArchive(dice, changes)
  try {
    await readAll(bytes)
    return { code: '', changes, bytes }
  } catch (error) {
    const isRefusal = isDatabaseError(error, 'archive-invalid', 'version-unsupported')
    if (isRefusal && error.message.startsWith('Cannot read archive: '))
      return { code: error.code, changes, bytes }
    const what = `seed ${seed}, input ${index}: ${String(error)}\n${changes.join('\n')}`
    throw new Wrong(what, { cause: error })
  }
}

function makeArchive(dice: Dice, changes: string[]): Buffer {
  const isWhole = dice.chance(0.3)
  const edit = (files: Files): void => {
    if (isWhole || !dice.chance(0.6)) return
    for (let left = dice.pick([1, 1, 2]); left > 0; left--) change(dice, files, changes)
  }
  const kinds = ['mutable', 'immutable', 'disk'] as const
  const shape = dice.pick(['collection', 'collection', 'shard', 'full'] as const)
  const form = dice.pick(['nested', 'files', 'folder'] as const)
  const vectors = shape === 'shard' && dice.chance(0.5) ? single : everyKind
  const segments = kinds.map((tracker): TestSegment => ({ points: everyPoint, vectors, tracker, edit }))
  const collection = { vectors, shards: [{ segments, form }], ...(dice.chance(0.3) ? { edit } : {}) }
  const archive =
    shape === 'shard'
      ? shardArchive({ segments, form })
      : shape === 'full'
        ? fullArchive({ a: collection }, { b: 'a' })
        : collectionArchive(collection)
  if (!isWhole) return archive
  const { bytes, how } = mutateBytes(dice, archive)
  changes.push(`the whole: ${how}`)
  return bytes
}

const single = Object.fromEntries(
  Object.entries(everyKind).map(([name, form]) => [name, { ...form, storage: 'single' as const }]),
)

function change(dice: Dice, files: Files, changes: string[]): void {
  const name = dice.pick([...files.keys()].filter((path) => !path.endsWith('/')))
  const other = dice.pick([...files.keys()])
  if (dice.chance(0.05)) {
    files.delete(name)
    changes.push(`${name}: deleted`)
  } else if (dice.chance(0.05)) {
    files.set(name, files.get(other)!)
    changes.push(`${name}: is ${other}`)
  } else {
    const { bytes, how } = mutateBytes(dice, files.get(name)!, dice.chance(0.7))
    files.set(name, bytes)
    changes.push(`${name}: ${how}`)
  }
}

async function readAll(archive: Buffer): Promise<void> {
  let read = 0
  const source: EntryBytes = {
    name: 'archive.snapshot',
    bytes: archive.length,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > archive.length)
        throw new Wrong(`${length} bytes from ${offset} are read of ${archive.length}`)
      read += length
      if (read > readMax) throw new Wrong(`more than ${readMax} bytes are read of ${archive.length}`)
      return Promise.resolve(archive.subarray(offset, offset + length))
    },
  }
  const { collections } = await openQdrantArchive(source)
  let points = 0
  for (const { shards } of collections) {
    for (const { segments } of shards) {
      for (const segment of segments) points += await readSegment(segment)
      if (points > pointsMax) throw new Wrong(`it gives more than ${pointsMax} points`)
    }
  }
}

async function readSegment(segment: QdrantSegment): Promise<number> {
  const slots = []
  const ids = new Set<string>()
  for await (const batch of segment.ids()) {
    for (const { id, slot } of batch) {
      slots.push(slot)
      ids.add(String(id))
    }
  }
  if (slots.length !== segment.pointCount || ids.size !== slots.length) throw new Wrong('an id comes twice')
  let count = 0
  for await (const batch of segment.points(slots.sort((a, b) => a - b))) {
    for (const { slot, payload, vectors } of batch) {
      if (slot !== slots[count++]) throw new Wrong('slots come in another order')
      if (payload.byteLength > 0) parseJson(payload)
      for (const vector of Object.values(vectors)) checkVector(vector)
    }
  }
  if (count !== slots.length) throw new Wrong('a slot is missing')
  return count
}

function checkVector(vector: Float32Array | { indices?: Uint32Array; values: Float32Array }): void {
  const values = vector instanceof Float32Array ? vector : vector.values
  if (!values.every(Number.isFinite)) throw new Wrong('a component is no number')
  if (vector instanceof Float32Array || vector.indices === undefined) return
  const { indices } = vector
  if (indices.length !== values.length) throw new Wrong('as many indices as values')
  for (let i = 1; i < indices.length; i++)
    if (indices[i]! <= indices[i - 1]!) throw new Wrong('indices ascend')
}
