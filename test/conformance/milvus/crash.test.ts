import { expect, test } from 'vitest'
import { good, useDoor } from './client.ts'
import { count, fill, finished, ids, insert, restore } from './snapshot-steps.ts'

const door = useDoor()

/** Goal: nothing acknowledged is lost when the server is killed, by whichever call. */
test('everything acknowledged is there after a kill', async () => {
  await fill(door.client, 'kept', 200)
  const snapshot = { collection_name: 'kept', snapshot_name: 'before' }
  await good(door.client.createSnapshot({ ...snapshot, description: 'Survives' }))
  const { pin_id } = await good(door.client.pinSnapshotData({ ...snapshot, ttl_seconds: 600 }))
  await good(door.client.createDatabase({ db_name: 'attic' }))
  await good(door.client.createAlias({ alias: 'also', collection_name: 'kept' }))
  await good(door.client.createPartition({ collection_name: 'kept', partition_name: 'north' }))
  await good(door.client.delete({ collection_name: 'kept', filter: 'id < 20' }))
  await insert(door.client, 'kept', 200, 230)
  const described = await good(door.client.describeSnapshot(snapshot))
  const schema = (await good(door.client.describeCollection({ collection_name: 'kept' }))).schema
  await door.crash()

  const { client } = door
  expect((await good(client.describeCollection({ collection_name: 'kept' }))).schema).toEqual(schema)
  expect(await client.getLoadState({ collection_name: 'kept' })).toMatchObject({ state: 'LoadStateLoaded' })
  expect(await count(client, 'also')).toBe(210)
  expect((await ids(client, 'kept', 'id >= 0')).slice(0, 2)).toEqual([20, 21])
  expect((await good(client.listDatabases())).db_names).toContain('attic')
  expect(await client.hasPartition({ collection_name: 'kept', partition_name: 'north' })).toMatchObject({
    value: true,
  })
  expect(await good(client.describeSnapshot(snapshot))).toEqual(described)
  expect((await client.dropSnapshot(snapshot)).code).toBe(2601)
  await good(client.unpinSnapshotData({ pin_id }))
  await finished(client, await restore(client, 'before', 'kept', 'back'))
  await good(client.loadCollection({ collection_name: 'back' }))
  expect(await count(client, 'back')).toBe(200)
  await good(client.dropSnapshot(snapshot))
})

/** Goal: an accepted restore ends, and is whole or not there. Method: kill the server while restores run. */
test('restores that a kill interrupts are whole afterwards, or not there', async () => {
  await fill(door.client, 'origin', 400)
  await good(door.client.createSnapshot({ collection_name: 'origin', snapshot_name: 'base' }))
  const targets = ['copy_0', 'copy_1', 'copy_2', 'copy_3']
  const jobs = await Promise.all(targets.map((target) => restore(door.client, 'base', 'origin', target)))
  await door.crash()

  const { client } = door
  for (const [at, job_id] of jobs.entries()) {
    const info = await finished(client, job_id)
    expect(info).toMatchObject({ collection_name: targets[at], progress: 100 })
    await good(client.loadCollection({ collection_name: targets[at]! }))
    expect(await count(client, targets[at]!)).toBe(400)
  }
  const { jobs: listed } = await good(client.listRestoreSnapshotJobs())
  expect(listed.map(({ job_id }) => job_id)).toEqual(expect.arrayContaining(jobs))
  await good(client.dropSnapshot({ collection_name: 'origin', snapshot_name: 'base' }))
})
