import { beforeAll, describe, expect, test } from 'vitest'
import { connect, good, refusal, useDoor } from './client.ts'
import { count, fill, finished, ids, restore } from './snapshot-steps.ts'

const door = useDoor()
const source = 'kept'

beforeAll(() => fill(door.client, source, 100))

describe('the life of a snapshot', () => {
  test('it is made, listed, described, and holds what was acknowledged before it', async () => {
    const { client } = door
    const snapshot = { collection_name: source, snapshot_name: 'v1.0_baseline' }
    // Not flushed: a snapshot holds what was acknowledged, wherever that lies.
    await good(
      client.createSnapshot({ ...snapshot, description: 'The first', compaction_protection_seconds: 0 }),
    )
    await good(client.delete({ collection_name: source, filter: 'id < 50' }))
    await good(client.upsert({ collection_name: source, data: [{ id: 99, v: [0, 0], group: 'late' }] }))

    expect((await good(client.listSnapshots({ collection_name: source }))).snapshots).toEqual([
      'v1.0_baseline',
    ])
    const described = await good(client.describeSnapshot(snapshot))
    expect(described).toMatchObject({
      name: 'v1.0_baseline',
      description: 'The first',
      collection_name: source,
      partition_names: ['_default'],
    })
    // Timestamps are milliseconds shifted by 18 bits.
    expect(Number(BigInt(described.create_ts) >> 18n)).toBeGreaterThan(Date.UTC(2024, 0))
    expect(described.s3_location).not.toBe('')

    const job = await restore(client, 'v1.0_baseline', source, 'back')
    const shown = await good(client.getRestoreSnapshotState({ job_id: job }))
    expect(shown.info.snapshot_name).toBe('v1.0_baseline')
    const info = await finished(client, job)
    expect(info).toMatchObject({ state: 'RestoreSnapshotCompleted', progress: 100, collection_name: 'back' })
    expect(Number(info.start_time)).toBeGreaterThan(0)
    expect(Number(info.time_cost)).toBeGreaterThan(0)

    expect(await client.getLoadState({ collection_name: 'back' })).toMatchObject({
      state: 'LoadStateNotLoad',
    })
    await good(client.loadCollection({ collection_name: 'back' }))
    expect(await count(client, 'back')).toBe(100)
    expect(await ids(client, 'back', 'group == "late"')).toEqual([])
    expect(await count(client, source)).toBe(50)
    for (const filter of [{}, { collection_name: 'back' }]) {
      const { jobs } = await good(client.listRestoreSnapshotJobs(filter))
      expect(jobs.map(({ job_id }) => job_id)).toContain(job)
    }
    expect((await good(client.listRestoreSnapshotJobs({ collection_name: source }))).jobs).toEqual([])
  })

  test('what is restored is described as its source, and searched like it', async () => {
    const { client } = door
    const described = await Promise.all(
      [source, 'back'].map((collection_name) => good(client.describeCollection({ collection_name }))),
    )
    const [of, to] = described.map(({ schema, consistency_level, properties, shards_num }) => ({
      schema: { ...schema, name: '' },
      consistency_level,
      properties,
      shards_num,
    }))
    expect(to).toEqual(of)
    expect(described[1]!.collectionID).not.toBe(described[0]!.collectionID)
    const indexes = await Promise.all(
      [source, 'back'].map((collection_name) => good(client.describeIndex({ collection_name }))),
    )
    const [ofIndex, toIndex] = indexes.map(({ index_descriptions }) =>
      index_descriptions.map(({ index_name, field_name, params }) => ({ index_name, field_name, params })),
    )
    expect(toIndex).toEqual(ofIndex)
    const { results } = await good(
      client.search({ collection_name: 'back', data: [30.25, 1], limit: 3, output_fields: ['id'] }),
    )
    expect(results.map(({ id }) => id)).toEqual(['30', '31', '29'])
  })

  test('a pinned snapshot can not be dropped; dropping is final, and again a success', async () => {
    const { client } = door
    const snapshot = { collection_name: source, snapshot_name: 'pinned' }
    await good(client.createSnapshot(snapshot))
    const { pin_id } = await good(client.pinSnapshotData({ ...snapshot, ttl_seconds: 60 }))
    expect(BigInt(pin_id)).toBeGreaterThan(0n)
    expect(await refusal(client.dropSnapshot(snapshot))).toMatchObject({
      code: 2601,
      reason: expect.stringMatching(/pin/) as string,
    })
    await good(client.unpinSnapshotData({ pin_id }))
    await good(client.unpinSnapshotData({ pin_id }))
    await good(client.dropSnapshot(snapshot))
    await good(client.dropSnapshot(snapshot))
    expect(await refusal(client.describeSnapshot(snapshot))).toMatchObject({
      code: 2600,
      reason: expect.stringMatching(/not found/) as string,
    })
    expect((await good(client.listSnapshots({ collection_name: source }))).snapshots).toEqual([
      'v1.0_baseline',
    ])
  })

  test('what can not be done is refused, with its reason', async () => {
    const { client } = door
    const snapshot = { collection_name: source, snapshot_name: 'v1.0_baseline' }
    expect((await refusal(client.createSnapshot(snapshot))).reason).toMatch(/already exists/)
    expect(await refusal(client.createSnapshot({ ...snapshot, snapshot_name: ' ' }))).toMatchObject({
      code: 1100,
      reason: expect.stringMatching(/snapshot name should be not empty/) as string,
    })
    expect((await refusal(client.createSnapshot({ ...snapshot, collection_name: 'nobody' }))).code).toBe(100)
    const target = { ...snapshot, source_collection_name: source, target_collection_name: 'back' }
    expect((await refusal(client.restoreSnapshot(target))).reason).toMatch(/already exists/)
    expect(
      (
        await refusal(
          client.restoreSnapshot({ ...target, snapshot_name: 'missing', target_collection_name: 'x' }),
        )
      ).reason,
    ).toMatch(/not found/)
    expect((await refusal(client.getRestoreSnapshotState({ job_id: 999_999_999 }))).reason).toMatch(
      /not found/,
    )
    expect(await client.hasCollection({ collection_name: 'x' })).toMatchObject({ value: false })
  })

  test('several restores run at once, and one name goes to one of them', async () => {
    const { client } = door
    const targets = ['one', 'two', 'three']
    const jobs = await Promise.all(targets.map((target) => restore(client, 'v1.0_baseline', source, target)))
    expect(new Set(jobs).size).toBe(3)
    for (const job of jobs) await finished(client, job)
    for (const collection_name of targets) {
      await good(client.loadCollection({ collection_name }))
      expect(await count(client, collection_name)).toBe(100)
    }
    const request = {
      snapshot_name: 'v1.0_baseline',
      source_collection_name: source,
      target_collection_name: 'contested',
    }
    const both = await Promise.allSettled([1, 2].map(() => good(client.restoreSnapshot(request))))
    const won = both.filter((one) => one.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await finished(client, won[0]!.value.job_id)
    await good(client.loadCollection({ collection_name: 'contested' }))
    expect(await count(client, 'contested')).toBe(100)
  })

  test('a restore goes into another database', async () => {
    const { client } = door
    await good(client.createDatabase({ db_name: 'archive' }))
    const { job_id } = await good(
      client.restoreSnapshot({
        snapshot_name: 'v1.0_baseline',
        source_collection_name: source,
        target_collection_name: source,
        target_db_name: 'archive',
      }),
    )
    expect(await finished(client, job_id)).toMatchObject({ db_name: 'archive', collection_name: source })
    const archive = connect(door.server, 'archive')
    await good(archive.loadCollection({ collection_name: source }))
    expect(await count(archive, source)).toBe(100)
    expect(await count(client, source)).toBe(50)
    await archive.closeConnection()
  })

  test('partitions are as they were at the snapshot', async () => {
    const { client } = door
    const collection_name = 'parted'
    await fill(client, collection_name, 10)
    await good(client.createPartition({ collection_name, partition_name: 'north' }))
    const rows = [{ id: 1000, v: [1, 1], group: 'n' }]
    await good(client.insert({ collection_name, partition_name: 'north', data: rows }))
    await good(client.createSnapshot({ collection_name, snapshot_name: 'whole' }))
    await good(client.releasePartitions({ collection_name, partition_names: ['north'] }))
    await good(client.dropPartition({ collection_name, partition_name: 'north' }))
    await finished(client, await restore(client, 'whole', collection_name, 'reunited'))
    await good(client.loadCollection({ collection_name: 'reunited' }))
    const north = await good(
      client.query({
        collection_name: 'reunited',
        partition_names: ['north'],
        filter: 'id > 0',
        output_fields: ['id'],
      }),
    )
    expect(north.data.map(({ id }) => id as string)).toEqual(['1000'])
    expect(await count(client, 'reunited')).toBe(11)
    expect(await count(client, collection_name)).toBe(10)
  })

  test('a snapshot outlives the names of its collection, not its collection', async () => {
    const { client } = door
    await fill(client, 'mortal', 5)
    await good(client.createSnapshot({ collection_name: 'mortal', snapshot_name: 'last' }))
    await good(client.renameCollection({ collection_name: 'mortal', new_collection_name: 'renamed' }))
    expect(
      await good(client.describeSnapshot({ collection_name: 'renamed', snapshot_name: 'last' })),
    ).toMatchObject({ collection_name: 'renamed' })
    await good(client.dropCollection({ collection_name: 'renamed' }))
    await fill(client, 'renamed', 1)
    expect((await good(client.listSnapshots({ collection_name: 'renamed' }))).snapshots).toEqual([])
  })
})
