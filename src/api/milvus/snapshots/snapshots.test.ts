import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  addRows,
  collectionWithRows,
  openSnapshotsDoor,
  type SnapshotsDoor,
} from '../../../../test/support/milvus-snapshots.ts'

let milvus: SnapshotsDoor
let must: SnapshotsDoor['must']
let refusal: SnapshotsDoor['refusal']

beforeEach(async () => {
  milvus = await openSnapshotsDoor()
  ;({ must, refusal } = milvus)
})

afterEach(() => milvus.close())

const named = (name: string, collection = 'c') => ({ name, collection_name: collection })

describe('snapshots', () => {
  test('are created, listed, described and dropped', async () => {
    await collectionWithRows(milvus, 'c', 3)
    const before = milvus.door.timestamps.next()
    await must('CreateSnapshot', { ...named('backup_1'), description: 'before the storm' })
    await must('CreateSnapshot', named('v1.0_base-line'))
    expect((await must('ListSnapshots', { collection_name: 'c' })).snapshots).toEqual([
      'backup_1',
      'v1.0_base-line',
    ])
    const described = await must('DescribeSnapshot', named('backup_1'))
    expect(described).toMatchObject({
      name: 'backup_1',
      description: 'before the storm',
      collection_name: 'c',
      partition_names: ['_default'],
    })
    expect(described.create_ts).toBeGreaterThan(before)
    expect(described.s3_location).toMatch(/^snapshots\/[0-9a-f-]+\/metadata\/00001-[0-9a-f-]+\.json$/)
    await must('DropSnapshot', named('backup_1'))
    await must('DropSnapshot', named('backup_1'))
    expect((await must('ListSnapshots', { collection_name: 'c' })).snapshots).toEqual(['v1.0_base-line'])
    expect(await refusal('DescribeSnapshot', named('backup_1'))).toEqual([
      2600,
      'collection c: snapshot not found[snapshot=backup_1]',
    ])
  })

  test('of an empty collection are snapshots, too', async () => {
    await collectionWithRows(milvus, 'c', 0)
    await must('CreateSnapshot', named('empty'))
    const { job_id: job } = await must('RestoreSnapshot', { ...named('empty'), target_collection_name: 'd' })
    expect(await milvus.end(job)).toMatchObject({ state: 3, progress: 100 })
    expect(await milvus.database.getCollection('d').count()).toBe(0)
  })

  test('belong to the collection, whatever it is called', async () => {
    const { database } = milvus
    await collectionWithRows(milvus, 'c', 1)
    await collectionWithRows(milvus, 'other', 1)
    await database.updateAliases([{ kind: 'create', alias: 'a', collection: 'c' }])
    await must('CreateSnapshot', named('s', 'a'))
    await must('CreateSnapshot', named('s', 'other'))
    expect((await must('ListSnapshots', { collection_name: 'a' })).snapshots).toEqual(['s'])
    expect((await must('DescribeSnapshot', named('s', 'a'))).collection_name).toBe('c')
    expect(await refusal('CreateSnapshot', named('s'))).toEqual([
      1100,
      'snapshot name s already exists: invalid parameter',
    ])
  })

  test('with the same name at the same time: one wins', async () => {
    await collectionWithRows(milvus, 'c', 1)
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => milvus.call('CreateSnapshot', named('s'))),
    )
    expect(outcomes.filter(({ code }: { code: number }) => code === 0)).toHaveLength(1)
    const drops = await Promise.all(Array.from({ length: 5 }, () => milvus.call('DropSnapshot', named('s'))))
    expect(drops.map(({ code }: { code: number }) => code)).toEqual([0, 0, 0, 0, 0])
  })

  test('are refused as Milvus refuses them', async () => {
    await collectionWithRows(milvus, 'c', 1)
    const refused: [string, object, number, string][] = [
      ['CreateSnapshot', named('  '), 1100, 'snapshot name should be not empty'],
      ['CreateSnapshot', named('9lives'), 1100, 'the first character of snapshot name'],
      ['CreateSnapshot', named('a b'), 1100, 'can only contain numbers, letters'],
      ['CreateSnapshot', named('x'.repeat(256)), 1100, 'must be not greater than limit, limit: 255'],
      ['CreateSnapshot', named('s', 'none'), 100, 'collection not found'],
      ['CreateSnapshot', named('s', ''), 1101, 'collection_name is required for create snapshot'],
      ['CreateSnapshot', { ...named('s'), compaction_protection_seconds: -1n }, 1100, 'must be non-negative'],
      [
        'CreateSnapshot',
        { ...named('s'), compaction_protection_seconds: 604_801n },
        1100,
        'must not exceed 604800',
      ],
      ['CreateSnapshot', { ...named('s'), db_name: 'none' }, 800, 'database not found'],
      ['DropSnapshot', named(' '), 1100, 'snapshot name should be not empty'],
      ['DropSnapshot', named('s', 'none'), 100, 'collection not found'],
      ['DropSnapshot', named('a b'), 1100, 'can only contain'],
      ['ListSnapshots', { collection_name: 'none' }, 100, 'collection not found'],
      ['PinSnapshotData', named('none'), 2600, 'not found'],
      ['PinSnapshotData', { ...named('none'), ttl_seconds: -1n }, 1100, 'ttl_seconds must be non-negative'],
      ['PinSnapshotData', { ...named('none'), ttl_seconds: 2_592_001n }, 1100, '2592000 (30 days)'],
      ['UnpinSnapshotData', {}, 1101, 'pin_id is required for unpin snapshot data'],
      ['RestoreSnapshot', { ...named('none'), target_collection_name: 'd' }, 2600, 'not found'],
      ['RestoreSnapshot', named('none', ''), 1101, 'target_collection_name is required for restore snapshot'],
      ['GetRestoreSnapshotState', { job_id: 999_999_999n }, 2101, 'restore job not found: jobID=999999999'],
      ['ListRestoreSnapshotJobs', { collection_name: 'none' }, 100, 'collection not found'],
      ['ExportSnapshot', named('none'), 1101, 'target_s3_path is required'],
      ['GetExportSnapshotState', { job_id: 5n }, 2101, 'export job not found: jobID=5'],
    ]
    for (const [rpc, request, code, words] of refused) {
      const [found, reason] = await refusal(rpc, request)
      expect(
        [found, reason],
        `${rpc} ${JSON.stringify(request, (_, value: unknown) => String(value))}`,
      ).toEqual([code, expect.stringContaining(words)])
    }
    expect(milvus.database.listAllSnapshots()).toEqual([])
  })

  test('protection from compaction is kept with them', async () => {
    await collectionWithRows(milvus, 'c', 1)
    await must('CreateSnapshot', { ...named('s'), compaction_protection_seconds: 60n })
    const [snapshot] = milvus.database.listAllSnapshots()
    expect(snapshot!.info().labels).toMatchObject({
      door: 'milvus',
      'milvus.compaction_expire_time': String(milvus.clock.time / 1000 + 60),
    })
  })

  test('that others made are there as well, under any name', async () => {
    const collection = await collectionWithRows(milvus, 'c', 1)
    await collection.createSnapshot({ name: 'made elsewhere' })
    expect((await must('ListSnapshots', { collection_name: 'c' })).snapshots).toEqual(['made elsewhere'])
    expect(await must('DescribeSnapshot', named('made elsewhere'))).toMatchObject({ name: 'made elsewhere' })
    await must('DropSnapshot', named('made elsewhere'))
    expect(collection.listSnapshots()).toEqual([])
  })

  test('know the partitions of their time', async () => {
    const collection = await collectionWithRows(milvus, 'c', 1)
    await collection.createPartition('old')
    await must('CreateSnapshot', named('s'))
    await collection.dropPartition('old')
    expect((await must('DescribeSnapshot', named('s'))).partition_names).toEqual(['_default', 'old'])
  })
})

describe('the older form of the calls', () => {
  test('a name that one collection has needs no collection, and no collection lists all', async () => {
    await collectionWithRows(milvus, 'c', 2)
    await collectionWithRows(milvus, 'other', 1)
    await must('CreateSnapshot', named('one'))
    await must('CreateSnapshot', named('both'))
    await must('CreateSnapshot', named('both', 'other'))
    expect((await must('ListSnapshots')).snapshots).toEqual(['one', 'both', 'both'])
    expect(await must('DescribeSnapshot', named('one', ''))).toMatchObject({ collection_name: 'c' })
    expect(await refusal('DescribeSnapshot', named('both', ''))).toEqual([
      1101,
      expect.stringContaining('collection_name is required for describe snapshot'),
    ])
    const { job_id: job } = await must('RestoreSnapshot', named('one', 'target'))
    expect(await milvus.end(job)).toMatchObject({ state: 3, collection_name: 'target' })
    expect(await milvus.database.getCollection('target').count()).toBe(2)
    await must('DropSnapshot', named('one', ''))
    await must('DropSnapshot', named('one', ''))
    expect(await refusal('DescribeSnapshot', named('one', ''))).toEqual([
      2600,
      expect.stringContaining('not found'),
    ])
  })
})

describe('pins', () => {
  test('keep a snapshot until all are released or have expired', async () => {
    await collectionWithRows(milvus, 'c', 1)
    await must('CreateSnapshot', named('s'))
    const first = await must('PinSnapshotData', named('s'))
    const second = await must('PinSnapshotData', { ...named('s'), ttl_seconds: 60n })
    expect(first.pin_id).toBeGreaterThan(0n)
    expect(second.pin_id).not.toBe(first.pin_id)
    expect(await refusal('DropSnapshot', named('s'))).toEqual([
      2601,
      '2 active pins, unpin before dropping: active pins exist: snapshot is pinned[snapshot=s]',
    ])
    await must('UnpinSnapshotData', { pin_id: first.pin_id })
    await must('UnpinSnapshotData', { pin_id: first.pin_id })
    expect((await refusal('DropSnapshot', named('s')))[1]).toContain('1 active pins')
    milvus.clock.time += 60_000
    await must('DropSnapshot', named('s'))
    await must('UnpinSnapshotData', { pin_id: second.pin_id })
    expect(milvus.database.listAllSnapshots()).toEqual([])
  })

  test("release nobody else's holds", async () => {
    const collection = await collectionWithRows(milvus, 'c', 1)
    const snapshot = await collection.createSnapshot({ name: 's' })
    await snapshot.hold({ reason: 'an audit' })
    expect((await refusal('DropSnapshot', named('s')))[0]).toBe(2601)
    expect(snapshot.info().holds).toHaveLength(1)
  })
})

describe('a collection that is dropped', () => {
  test('takes its snapshots with it: those of this API, and pinned ones when they are free', async () => {
    const collection = await collectionWithRows(milvus, 'c', 1)
    await collection.createSnapshot({ name: 'of another door' })
    for (const name of ['plain', 'pinned', 'expiring']) await must('CreateSnapshot', named(name))
    const { pin_id: pin } = await must('PinSnapshotData', named('pinned'))
    await must('PinSnapshotData', { ...named('expiring'), ttl_seconds: 10n })
    await must('DropCollection', { collection_name: 'c' })
    const names = (): string[] => milvus.database.listAllSnapshots().map(({ name }) => name)
    expect(names()).toEqual(['of another door', 'pinned', 'expiring'])
    await must('UnpinSnapshotData', { pin_id: pin })
    expect(names()).toEqual(['of another door', 'expiring'])
    milvus.clock.time += 10_000
    await must('ListSnapshots')
    expect(names()).toEqual(['of another door'])
    expect(milvus.database.documents.list('milvus/dropped/')).toEqual([])
  })

  test('and made again has none of the old ones', async () => {
    await collectionWithRows(milvus, 'c', 1)
    await must('CreateSnapshot', named('s'))
    await must('PinSnapshotData', named('s'))
    await must('DropCollection', { collection_name: 'c' })
    await collectionWithRows(milvus, 'c', 1)
    expect((await must('ListSnapshots', { collection_name: 'c' })).snapshots).toEqual([])
    await must('CreateSnapshot', named('s'))
  })
})

test('a partition that was dropped since comes back with its rows', async () => {
  const collection = await collectionWithRows(milvus, 'c', 2)
  await collection.createPartition('old')
  await collection.upsert([{ id: 7, vectors: { vector: [1, 1] }, payload: { id: 7 } }], { partition: 'old' })
  await must('CreateSnapshot', named('s'))
  await must('DropPartition', { collection_name: 'c', partition_name: 'old' })
  const { job_id: job } = await must('RestoreSnapshot', { ...named('s'), target_collection_name: 'd' })
  expect(await milvus.end(job)).toMatchObject({ state: 3 })
  expect((await must('ShowPartitions', { collection_name: 'd' })).partition_names).toEqual([
    '_default',
    'old',
  ])
  const restored = milvus.database.getCollection('d')
  expect(await restored.count(undefined, { partitions: ['old'] })).toBe(1)
  expect(await restored.count()).toBe(3)
  expect((await must('ShowPartitions', { collection_name: 'c' })).partition_names).toEqual(['_default'])
})

test('a collection that is renamed keeps its snapshots, and a restore of it its name', async () => {
  await collectionWithRows(milvus, 'c', 2)
  await must('CreateSnapshot', named('s'))
  const { job_id: job } = await must('RestoreSnapshot', { ...named('s'), target_collection_name: 'd' })
  await milvus.end(job)
  await must('RenameCollection', { oldName: 'c', newName: 'renamed' })
  await must('RenameCollection', { oldName: 'd', newName: 'target' })
  expect((await refusal('DescribeSnapshot', named('s')))[0]).toBe(100)
  expect((await must('ListSnapshots', { collection_name: 'renamed' })).snapshots).toEqual(['s'])
  expect(await must('DescribeSnapshot', named('s', ''))).toMatchObject({ collection_name: 'renamed' })
  expect(await milvus.end(job)).toMatchObject({ state: 3, collection_name: 'target' })
  const { job_id: again } = await must('RestoreSnapshot', {
    ...named('s', 'renamed'),
    target_collection_name: 'd',
  })
  expect(await milvus.end(again)).toMatchObject({ state: 3, collection_name: 'd' })
  expect(await milvus.database.getCollection('d').count()).toBe(2)
  await collectionWithRows(milvus, 'c', 1)
  expect((await must('ListSnapshots', { collection_name: 'c' })).snapshots).toEqual([])
  await must('DropCollection', { collection_name: 'renamed' })
  expect(milvus.database.listAllSnapshots()).toEqual([])
})

test('two snapshots keep the index that there was, each its own', async () => {
  await collectionWithRows(milvus, 'c', 3)
  const index = async (type: string, metric: string): Promise<void> => {
    await must('DropIndex', { collection_name: 'c', field_name: 'vector', index_name: 'vector' })
    const pairsOf = { index_type: type, metric_type: metric }
    const extra = Object.entries(pairsOf).map(([key, value]) => ({ key, value }))
    await must('CreateIndex', { collection_name: 'c', field_name: 'vector', extra_params: extra })
  }
  await index('HNSW', 'L2')
  await must('CreateSnapshot', named('first'))
  await index('IVF_FLAT', 'IP')
  await must('CreateSnapshot', named('second'))
  for (const [name, type, distance] of [
    ['first', 'HNSW', 'Euclid'],
    ['second', 'IVF_FLAT', 'Dot'],
  ] as const) {
    const { job_id: job } = await must('RestoreSnapshot', { ...named(name), target_collection_name: name })
    expect(await milvus.end(job)).toMatchObject({ state: 3 })
    const { index_descriptions: found } = await must('DescribeIndex', { collection_name: name })
    expect(found[0].params).toContainEqual({ key: 'index_type', value: type })
    expect(milvus.database.getCollection(name).config().vectors['vector']!.distance).toBe(distance)
  }
})

test('writes after a snapshot are not in it', async () => {
  const collection = await collectionWithRows(milvus, 'c', 5)
  await collection.delete({ ids: [2, 3] })
  await must('CreateSnapshot', named('s'))
  await addRows(collection, 6, 9)
  await collection.delete({ ids: [1] })
  const { job_id: job } = await must('RestoreSnapshot', { ...named('s'), target_collection_name: 'd' })
  expect(await milvus.end(job)).toMatchObject({ state: 3 })
  const { points } = await milvus.database.getCollection('d').scroll({ limit: 100 })
  expect(points.map(({ id }) => Number(id))).toEqual([1, 4, 5])
})
