import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { collectionOf, field, pairs, primaryKey } from '../../../../test/support/milvus-door.ts'
import {
  addRows,
  collectionWithRows,
  openSnapshotsDoor,
  type SnapshotsDoor,
} from '../../../../test/support/milvus-snapshots.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { SlowReads } from '../../../../test/support/slow-reads.ts'
import { seededRandom } from '../../../runtime/random.ts'

// What has gone wrong with snapshots of Milvus, by the number of the issue, and does not here.

let disk: SimulatedDisk
let gate: SlowReads
let milvus: SnapshotsDoor
let must: SnapshotsDoor['must']
let refusal: SnapshotsDoor['refusal']

beforeEach(() => start(new SimulatedDisk(), 1))
afterEach(() => milvus.close())

async function start(on: SimulatedDisk, seed: number): Promise<void> {
  disk = on
  gate = new SlowReads(disk)
  milvus = await openSnapshotsDoor({ disk: gate.disk, seed })
  ;({ must, refusal } = milvus)
}

async function restart(): Promise<void> {
  await milvus.close()
  await start(disk, 2)
}

const from = (collection = 'c', name = 's') => ({ name, collection_name: collection })

async function restore(target: string, source = from()) {
  const { job_id: job } = await must('RestoreSnapshot', { ...source, target_collection_name: target })
  return milvus.end(job)
}

async function keysOf(name: string): Promise<number[]> {
  const { points } = await milvus.database.getCollection(name).scroll({ limit: 10_000 })
  return points.map(({ id }) => Number(id))
}

const sequence = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

const dataFiles = (): string[] =>
  disk.paths().filter((path) => /^\/data\/store\/(segments|snapshots)\//.test(path))

/** In place of the file's bytes; undefined: no file. Gives what puts it right again. */
async function replaceFile(path: string, bytes: Uint8Array | undefined): Promise<() => Promise<void>> {
  const before = await disk.readFile(path)
  const write = async (content: Uint8Array | undefined): Promise<void> => {
    await disk.remove(path)
    if (content === undefined) return
    const file = await disk.create(path)
    await file.write(content)
    await file.sync()
  }
  await write(bytes)
  return () => write(before)
}

async function flipped(path: string, at: number): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await disk.readFile(path))
  bytes[Math.floor(at * (bytes.length - 1))]! ^= 0x10
  return bytes
}

/** A sealed snapshot with a segment, deletions and a graph. */
async function sealedSnapshot(): Promise<void> {
  const collection = await collectionWithRows(milvus, 'c', 30)
  await milvus.database.flush()
  await collection.delete({ ids: [3, 4] })
  await must('CreateSnapshot', from())
  await must('DescribeSnapshot', from())
}

describe('what a snapshot holds', () => {
  test('milvus-io/milvus#47658: every file stays until the snapshot is dropped, whatever merges and collects', async () => {
    const collection = await collectionWithRows(milvus, 'c', 5)
    await milvus.database.flush()
    await addRows(collection, 6, 10)
    await must('CreateSnapshot', from())
    const { pin_id: pin } = await must('PinSnapshotData', from())
    for (const last of [11, 12, 13]) {
      await addRows(collection, 1, last)
      await milvus.database.flush()
    }
    await collection.delete({ filter: {} })
    await milvus.database.optimize()
    await must('DropCollection', { collection_name: 'c' })
    for (let i = 0; i < 2; i++) await milvus.database.collectGarbage()
    await restart()
    expect(await restore('d', from(''))).toMatchObject({ state: 3 })
    expect(await keysOf('d')).toEqual(sequence(1, 10))
    await must('UnpinSnapshotData', { pin_id: pin })
    await must('DropCollection', { collection_name: 'd' })
    for (let i = 0; i < 2; i++) await milvus.database.collectGarbage()
    expect(dataFiles()).toEqual([])
  })

  test('milvus-io/milvus#49706 #50663 #50662: the rows of one moment, no more and no fewer, each time', async () => {
    const seed = 49_706
    const random = seededRandom(seed)
    const collection = await collectionWithRows(milvus, 'c', 20)
    const writes = Array.from({ length: 40 }, (_, index) => async () => {
      if (random.next() < 0.5) await addRows(collection, 21 + index, 21 + index)
      else await collection.delete({ ids: [1 + Math.floor(random.next() * 20)] })
      if (random.next() < 0.2) await milvus.database.flush()
    })
    const writing = (async () => {
      for (const write of writes) await write()
    })()
    const names = ['a', 'b', 'c', 'd'].map((name) => `s_${name}`)
    const snapshots = await Promise.all(names.map((name) => must('CreateSnapshot', from('c', name))))
    expect(snapshots).toHaveLength(4)
    await writing
    await restart()
    for (const name of names) {
      await using reader = await milvus.database.getCollection('c').getSnapshot(name).collection()
      const hash = await reader.contentHash()
      for (const attempt of [1, 2]) {
        expect(await restore(`${name}_${attempt}`, from('c', name)), `seed ${seed}`).toMatchObject({
          state: 3,
        })
        const found = await milvus.database.getCollection(`${name}_${attempt}`).contentHash()
        expect(found, `seed ${seed}`).toBe(hash)
      }
    }
  })

  test('milvus-io/milvus#49013 #49074 #51836: no deletion is lost, in however many files they are', async () => {
    const collection = await collectionWithRows(milvus, 'c', 30)
    await milvus.database.flush()
    for (const id of [1, 5, 9, 30]) {
      await collection.delete({ ids: [id] })
      await milvus.database.flush()
    }
    await collection.delete({ ids: [2] })
    await must('CreateSnapshot', from())
    await collection.delete({ ids: [3] })
    await milvus.database.flush()
    await restart()
    expect(await restore('d')).toMatchObject({ state: 3 })
    const gone = new Set([1, 2, 5, 9, 30])
    expect(await keysOf('d')).toEqual(sequence(1, 30).filter((id) => !gone.has(id)))
    const [snapshot] = milvus.database.listAllSnapshots()
    expect(await snapshot!.verify()).toMatchObject({ ok: true, problems: [] })
  })

  test('milvus-io/milvus#52043 #52989: what is empty is restored, opened and searched', async () => {
    const collection = await collectionWithRows(milvus, 'c', 3)
    await milvus.database.flush()
    await collection.delete({ filter: {} })
    await must('CreateSnapshot', from())
    expect(await restore('d')).toMatchObject({ state: 3, progress: 100 })
    await restart()
    const restored = milvus.database.getCollection('d')
    expect(await restored.count()).toBe(0)
    await addRows(restored, 1, 1)
    expect(await restored.query({ vector: [1, 1], using: 'vector', limit: 5 })).toHaveLength(1)
  })

  test('milvus-io/milvus#52202: the restored collection is described as its source was', async () => {
    const fields = [
      primaryKey(),
      field('title', 'VarChar', { max_length: 40, nullable: true }),
      field('vector', 'FloatVector', { dim: 2 }),
    ]
    const properties = pairs({ 'collection.ttl.seconds': '1', 'mmap.enabled': 'true' })
    await must(
      'CreateCollection',
      collectionOf('c', fields, { consistency_level: 2, shards_num: 2, properties }),
    )
    const index = { collection_name: 'c', field_name: 'vector', index_name: 'by_meaning' }
    await must('CreateIndex', { ...index, extra_params: pairs({ index_type: 'HNSW', metric_type: 'L2' }) })
    await must('LoadCollection', { collection_name: 'c' })
    await milvus.database.updateAliases([{ kind: 'create', alias: 'latest', collection: 'c' }])
    await must('CreateSnapshot', from())
    milvus.clock.time += 5_000
    expect(await restore('d')).toMatchObject({ state: 3 })
    const source = await must('DescribeCollection', { collection_name: 'c' })
    const target = await must('DescribeCollection', { collection_name: 'd' })
    expect(target.created_timestamp).toBeGreaterThan(source.created_timestamp)
    expect(target.update_timestamp).toBeGreaterThan(source.update_timestamp)
    expect(target.collectionID).not.toBe(source.collectionID)
    expect(target.aliases).toEqual([])
    const identity = ['collectionID', 'collection_name', 'aliases', 'schema']
    const members = Object.keys(source).filter(
      (name) => !identity.includes(name) && !/timestamp|channel_names/.test(name),
    )
    expect(members).toContain('properties')
    for (const name of members) expect(target[name], name).toEqual(source[name])
    expect({ ...target.schema, name: 'c' }).toEqual({ ...source.schema })
    const indexes = async (name: string) =>
      (await must('DescribeIndex', { collection_name: name })).index_descriptions
    expect(await indexes('d')).toEqual(await indexes('c'))
    expect((await must('GetLoadState', { collection_name: 'c' })).state).toBe(3)
    expect((await must('GetLoadState', { collection_name: 'd' })).state).toBe(1)
    expect(target.consistency_level).toBe(2)
  })
})

describe('damage', () => {
  test('milvus-io/milvus#53519 #53514: a file that is missing, whichever, fails the restore', async () => {
    await sealedSnapshot()
    expect(dataFiles().length).toBeGreaterThan(4)
    for (const path of dataFiles()) {
      const repair = await replaceFile(path, undefined)
      const ended = await restore('d')
      expect(ended, path).toMatchObject({ state: 4 })
      expect(ended.reason, path).toContain(path.slice('/data/store/'.length))
      expect((await must('HasCollection', { collection_name: 'd' })).value, path).toBe(false)
      await repair()
    }
  })

  test('milvus-io/milvus#53665 #53666: a damaged file, wherever, fails the restore and the export', async () => {
    await sealedSnapshot()
    for (const path of dataFiles()) {
      for (const at of [0, 0.5, 1]) {
        const repair = await replaceFile(path, await flipped(path, at))
        const key = path.slice('/data/store/'.length)
        const ended = await restore('d')
        expect(ended, `${path} at ${at}`).toMatchObject({ state: 4 })
        expect(ended.reason, path).toContain(key)
        expect(milvus.database.findCollection('d'), path).toBeUndefined()
        await repair()
      }
    }
    const segment = dataFiles().find((path) => path.includes('/segments/'))!
    const repair = await replaceFile(segment, await flipped(segment, 0.5))
    const { job_id: job } = await must('ExportSnapshot', { ...from(), target_s3_path: 'x.snapshot' })
    expect(await milvus.end(job, 'Export')).toMatchObject({ state: 4, snapshot_metadata_uri: '' })
    expect(disk.paths().filter((path) => path.startsWith('/data/snapshots/'))).toEqual([])
    await repair()
  })

  test('milvus-io/milvus#53607 #53715: a restore that fails leaves no target: the name is free', async () => {
    await sealedSnapshot()
    const [path] = dataFiles()
    const repair = await replaceFile(path!, undefined)
    expect(await restore('d')).toMatchObject({ state: 4 })
    expect((await must('ShowCollections')).collection_names).toEqual(['c'])
    await repair()
    expect(await restore('d')).toMatchObject({ state: 3 })
    expect(await milvus.database.getCollection('d').count()).toBe(28)
    await must('DropSnapshot', from())
  })

  test('of an exported file fails what would be made of it', async () => {
    await sealedSnapshot()
    const { job_id: job, snapshot_metadata_uri: uri } = await must('ExportSnapshot', {
      ...from(),
      target_s3_path: 'x.snapshot',
    })
    await milvus.end(job, 'Export')
    await replaceFile('/data/snapshots/x.snapshot', await flipped('/data/snapshots/x.snapshot', 0.5))
    const request = { target_collection_name: 'd', snapshot_metadata_uri: uri }
    const { job_id: restoring } = await must('RestoreExternalSnapshot', request)
    expect(await milvus.end(restoring)).toMatchObject({ state: 4 })
    expect(milvus.database.findCollection('d')).toBeUndefined()
  })
})

describe('at the same time', () => {
  test('milvus-io/milvus#53513: of two restores into one target exactly one wins', async () => {
    await collectionWithRows(milvus, 'c', 7)
    await must('CreateSnapshot', from())
    const request = { ...from(), target_collection_name: 'd' }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => milvus.call('RestoreSnapshot', request)),
    )
    const won = answers.filter(({ status }) => status.code === 0)
    expect(won).toHaveLength(1)
    for (const { status } of answers.filter(({ status }) => status.code !== 0))
      expect(status.reason).toContain('already exists')
    expect(await milvus.end(won[0].job_id)).toMatchObject({ state: 3 })
    expect(await keysOf('d')).toEqual(sequence(1, 7))
  })

  test('milvus-io/milvus#49761: a snapshot that races the drop of its collection comes to an end, either way', async () => {
    for (let round = 0; round < 4; round++) {
      await collectionWithRows(milvus, 'c', 1)
      const calls = [
        milvus.call('CreateSnapshot', from()),
        milvus.call('DropCollection', { collection_name: 'c' }),
      ]
      const [created, dropped] = await Promise.all(round % 2 === 0 ? calls : calls.reverse()).then((both) =>
        round % 2 === 0 ? both : both.reverse(),
      )
      expect(dropped.code).toBe(0)
      expect([0, 100]).toContain(created.code)
      expect(milvus.database.listAllSnapshots()).toEqual([])
      expect(milvus.database.documents.list('milvus/dropped/')).toEqual([])
    }
  })

  test('milvus-io/milvus#47578: a snapshot that is being restored cannot be dropped, by any door', async () => {
    await sealedSnapshot()
    await restart()
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', { ...from(), target_collection_name: 'd' })
    await waiting
    const [code, reason] = await refusal('DropSnapshot', from())
    expect(code).toBe(2601)
    expect(reason).toContain('is restoring')
    expect(reason).toContain('pinned')
    const [snapshot] = milvus.database.listAllSnapshots()
    await expect(snapshot!.delete()).rejects.toMatchObject({ code: 'snapshot-held' })
    await must('DropCollection', { collection_name: 'c' })
    gate.open()
    expect(await milvus.end(job)).toMatchObject({ state: 3 })
    await must('ListSnapshots')
    expect(milvus.database.listAllSnapshots()).toEqual([])
    expect(await milvus.database.getCollection('d').count()).toBe(28)
  })

  test('milvus-io/milvus#50003: many restores of one snapshot all come to their end', async () => {
    await sealedSnapshot()
    const answers = await Promise.all(
      sequence(1, 20).map((n) => must('RestoreSnapshot', { ...from(), target_collection_name: `d${n}` })),
    )
    for (const { job_id: job } of answers) expect(await milvus.end(job)).toMatchObject({ state: 3 })
    for (const n of sequence(1, 20)) expect(await milvus.database.getCollection(`d${n}`).count()).toBe(28)
    await must('DropSnapshot', from())
  })
})

describe('what is told', () => {
  test('milvus-io/milvus#47066 #47883: listing without a collection names those of one database', async () => {
    await milvus.database.documents.put('milvus/database/other', {})
    await collectionWithRows(milvus, 'c', 1)
    await must(
      'CreateCollection',
      collectionOf('c', [primaryKey(), field('vector', 'FloatVector', { dim: 2 })]),
      'other',
    )
    await must('CreateSnapshot', from('c', 'here'))
    await must('CreateSnapshot', from('c', 'there'), 'other')
    expect((await must('ListSnapshots')).snapshots).toEqual(['here'])
    expect((await must('ListSnapshots', {}, 'other')).snapshots).toEqual(['there'])
    expect((await must('ListSnapshots', { db_name: 'other' })).snapshots).toEqual(['there'])
    expect((await refusal('ListSnapshots', { db_name: 'none' }))[0]).toBe(800)
    expect((await refusal('DescribeSnapshot', from('', 'there')))[0]).toBe(2600)
  })

  test('milvus-io/milvus#47067 #47068: a job has its start from the start; blank names are none, everywhere', async () => {
    await collectionWithRows(milvus, 'c', 1)
    await must('CreateSnapshot', from())
    const { job_id: job } = await must('RestoreSnapshot', { ...from(), target_collection_name: 'd' })
    const { info } = await must('GetRestoreSnapshotState', { job_id: job })
    expect(info.start_time).toBe(BigInt(milvus.clock.time))
    const ended = await milvus.end(job)
    expect(ended.start_time).toBe(info.start_time)
    expect(ended.time_cost).toBeGreaterThan(0n)
    for (const rpc of [
      'CreateSnapshot',
      'DropSnapshot',
      'DescribeSnapshot',
      'PinSnapshotData',
      'RestoreSnapshot',
    ]) {
      const [code, reason] = await refusal(rpc, { ...from('c', ' \t'), target_collection_name: 'e' })
      expect([code, reason], rpc).toEqual([1100, 'snapshot name should be not empty: invalid parameter'])
    }
  })

  test('milvus-io/milvus#50978: what a snapshot says of its place can be restored from, as it is', async () => {
    await collectionWithRows(milvus, 'c', 3)
    await must('CreateSnapshot', from())
    const { s3_location: place } = await must('DescribeSnapshot', from())
    expect(disk.paths()).toContain(`/data/store/${String(place)}`)
    for (const [target, uri] of [
      ['d', place],
      ['e', `s3://bucket/${String(place)}`],
    ]) {
      const request = { target_collection_name: target, snapshot_metadata_uri: uri }
      const { job_id: job } = await must('RestoreExternalSnapshot', request)
      expect(await milvus.end(job)).toMatchObject({ state: 3, collection_name: target, snapshot_name: 's' })
      expect(await keysOf(target)).toEqual([1, 2, 3])
    }
  })

  test('milvus-io/milvus#53788: pins are released however many there are and however often', async () => {
    await collectionWithRows(milvus, 'c', 1)
    await must('CreateSnapshot', from())
    const pins = await Promise.all(sequence(1, 60).map(() => must('PinSnapshotData', from())))
    await Promise.all([...pins, ...pins].map(({ pin_id: pin }) => must('UnpinSnapshotData', { pin_id: pin })))
    await must('DropSnapshot', from())
  })
})

test('time to live is kept with the collection and takes no row away', async () => {
  const properties = pairs({ 'collection.ttl.seconds': '1' })
  const fields = [primaryKey(), field('vector', 'FloatVector', { dim: 2 })]
  await must('CreateCollection', collectionOf('c', fields, { properties }))
  await addRows(milvus.database.getCollection('c'), 1, 3)
  await must('CreateSnapshot', from())
  milvus.clock.time += 3_600_000
  expect(await restore('d')).toMatchObject({ state: 3 })
  expect(await keysOf('d')).toEqual([1, 2, 3])
})
