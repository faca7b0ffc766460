import { afterEach, describe, expect, test } from 'vitest'
import {
  collectionWithRows,
  openSnapshotsDoor,
  type SnapshotsDoor,
} from '../../../../../test/support/milvus-snapshots.ts'
import { SimulatedDisk } from '../../../../../test/support/simulated-disk.ts'
import { SlowReads } from '../../../../../test/support/slow-reads.ts'

let milvus: SnapshotsDoor

afterEach(() => milvus.close())

const from = (collection: string, name = 's') => ({ name, collection_name: collection })
const into = (target: string, name = 's') => ({ ...from('c', name), target_collection_name: target })

async function withSnapshot(options: Parameters<typeof openSnapshotsDoor>[0] = {}): Promise<SnapshotsDoor> {
  milvus = await openSnapshotsDoor(options)
  await collectionWithRows(milvus, 'c', 4)
  await milvus.must('CreateSnapshot', from('c'))
  return milvus
}

/** Of which there is something to read: its files are written. */
async function withSlowSnapshot(gate: SlowReads): Promise<SnapshotsDoor> {
  await withSnapshot({ disk: gate.disk })
  await milvus.database.flush()
  return milvus
}

describe('a restore', () => {
  test('is a job whose state is told from the first moment to three hours after its end', async () => {
    const gate = new SlowReads(new SimulatedDisk())
    const { must, end, clock } = await withSlowSnapshot(gate)
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    await waiting
    const { info: first } = await must('GetRestoreSnapshotState', { job_id: job })
    expect(first).toMatchObject({
      job_id: job,
      snapshot_name: 's',
      db_name: 'default',
      collection_name: 'd',
      state: 2,
      start_time: BigInt(clock.time),
      time_cost: 0n,
    })
    expect(first.progress).toBeLessThan(100)
    expect((await must('HasCollection', { collection_name: 'd' })).value).toBe(false)
    clock.time += 25
    gate.open()
    expect(await end(job)).toMatchObject({ state: 3, progress: 100, reason: '', time_cost: 25n })
    clock.time += 10_800_000 - 26
    expect((await must('GetRestoreSnapshotState', { job_id: job })).info.state).toBe(3)
    clock.time += 26
    expect(await milvus.refusal('GetRestoreSnapshotState', { job_id: job })).toEqual([
      2101,
      `restore job not found: jobID=${String(job)}`,
    ])
    expect((await must('ListRestoreSnapshotJobs')).jobs).toEqual([])
  })

  test('that has nothing to read is completed when it is answered, flushed or not', async () => {
    const { must, database } = await withSnapshot()
    for (const target of ['unflushed', 'flushed']) {
      const { job_id: job } = await must('RestoreSnapshot', into(target))
      const { info } = await must('GetRestoreSnapshotState', { job_id: job })
      expect(info, target).toMatchObject({ state: 3, progress: 100 })
      expect(await database.getCollection(target).count()).toBe(4)
      await database.flush()
    }
  })

  test('that fails at once has failed when it is answered', async () => {
    const disk = new SimulatedDisk()
    const { must, database } = await withSnapshot({ disk })
    await database.flush()
    const [document] = database.listAllSnapshots()[0]!.metadataFiles()
    await disk.remove(`/data/store/${document!}`)
    const { status } = await milvus.call('RestoreSnapshot', into('d'))
    expect(status.code).toBe(0)
    const [job] = (await must('ListRestoreSnapshotJobs')).jobs
    expect(job).toMatchObject({ state: 4, collection_name: 'd' })
    expect(database.findCollection('d')).toBeUndefined()
  })

  test('is listed by its target, an alias of it, and its database', async () => {
    const { must, end, database } = await withSnapshot()
    await database.documents.put('milvus/database/archive', {})
    const { job_id: here } = await must('RestoreSnapshot', into('d'))
    const { job_id: there } = await must('RestoreSnapshot', { ...into('d'), target_db_name: 'archive' })
    await end(here)
    await database.updateAliases([{ kind: 'create', alias: 'latest', collection: 'd' }])
    const jobs = async (request: object, inDatabase = ''): Promise<bigint[]> =>
      (await must('ListRestoreSnapshotJobs', request, inDatabase)).jobs.map(
        (one: { job_id: bigint }) => one.job_id,
      )
    expect(await jobs({})).toEqual([here])
    expect(await jobs({ collection_name: 'd' })).toEqual([here])
    expect(await jobs({ collection_name: 'latest' })).toEqual([here])
    expect(await jobs({ collection_name: 'c' })).toEqual([])
    expect(await jobs({ db_name: 'archive' })).toEqual([there])
    expect(await jobs({ collection_name: 'd' }, 'archive')).toEqual([there])
    expect(await end(there)).toMatchObject({ db_name: 'archive', collection_name: 'd', state: 3 })
    await must('DropCollection', { collection_name: 'd' }, 'archive')
    expect(await end(there)).toMatchObject({ db_name: '', collection_name: '', state: 3 })
  })

  test('into a database goes where the connection is, if it does not say', async () => {
    const { must, end, database, refusal } = await withSnapshot()
    await database.documents.put('milvus/database/archive', {})
    const request = { ...into('d'), db_name: 'default' }
    const { job_id: job } = await must('RestoreSnapshot', request, 'archive')
    await end(job)
    expect(database.findCollection('archive.d')).toBeDefined()
    expect(database.findCollection('d')).toBeUndefined()
    expect((await refusal('RestoreSnapshot', { ...into('e'), target_db_name: 'none' }))[0]).toBe(800)
  })

  test('never goes onto a name that is taken: the words of both generations', async () => {
    const { refusal, database } = await withSnapshot()
    await database.updateAliases([{ kind: 'create', alias: 'latest', collection: 'c' }])
    for (const taken of ['c', 'latest']) {
      const [code, reason] = await refusal('RestoreSnapshot', into(taken))
      expect(code).toBe(1100)
      expect(reason).toContain(`target collection ${taken} already exists in database default`)
      expect(reason).toContain('duplicate collection')
    }
    expect((await refusal('RestoreSnapshot', into('9')))[1]).toContain('Invalid collection name')
    expect(database.jobs.list()).toEqual([])
  })

  test('whose target is dropped meanwhile is cancelled, and lets its snapshot go', async () => {
    const gate = new SlowReads(new SimulatedDisk())
    const { must, end, database } = await withSlowSnapshot(gate)
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    await waiting
    const drop = must('DropCollection', { collection_name: 'd' })
    gate.open()
    await drop
    expect(await end(job)).toMatchObject({ state: 4, reason: expect.stringContaining('cancelled') })
    expect(database.findCollection('d')).toBeUndefined()
    await must('DropSnapshot', from('c'))
    expect(database.listAllSnapshots()).toEqual([])
  })

  test('that anybody cancels has failed, leaves nothing, and keeps its snapshot from nobody', async () => {
    const gate = new SlowReads(new SimulatedDisk())
    const { must, end, database } = await withSlowSnapshot(gate)
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    await waiting
    const [running] = database.jobs.list({ kind: 'milvus-restore', state: 'running' })
    expect(database.jobs.cancel(running!.id)).toBe(true)
    gate.open()
    expect(await end(job)).toMatchObject({ state: 4, collection_name: 'd' })
    expect(database.findCollection('d')).toBeUndefined()
    await must('DropSnapshot', from('c'))
    expect(database.listAllSnapshots()).toEqual([])
  })

  test('keeps the database that it goes into', async () => {
    const gate = new SlowReads(new SimulatedDisk())
    const { must, end, refusal } = await withSlowSnapshot(gate)
    await must('CreateDatabase', { db_name: 'archive' })
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', { ...into('d'), target_db_name: 'archive' })
    await waiting
    expect((await refusal('DropDatabase', { db_name: 'archive' }))[1]).toContain('not empty')
    gate.open()
    expect(await end(job)).toMatchObject({ state: 3, db_name: 'archive' })
    const [restored, dropped] = await Promise.all([
      milvus.call('RestoreSnapshot', { ...into('e'), target_db_name: 'archive' }),
      milvus.call('DropDatabase', { db_name: 'archive' }),
    ])
    expect([restored.status.code, dropped.code]).toEqual([0, 65_535])
    await end(restored.job_id)
  })

  test('into a name that somebody takes meanwhile fails, and touches nothing', async () => {
    const gate = new SlowReads(new SimulatedDisk())
    const { must, end, database } = await withSlowSnapshot(gate)
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    await waiting
    const other = await collectionWithRows(milvus, 'd', 1)
    gate.open()
    expect(await end(job)).toMatchObject({ state: 4, reason: expect.stringContaining('exists') })
    expect(database.getCollection('d').id).toBe(other.id)
    expect(await other.count()).toBe(1)
  })

  test('of a collection of another door has no schema of ours', async () => {
    milvus = await openSnapshotsDoor()
    const { must, end, database } = milvus
    const points = await database.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
    await points.upsert([{ id: 1, vectors: { '': [1, 2] } }])
    await must('CreateSnapshot', from('c'))
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    expect(await end(job)).toMatchObject({ state: 3 })
    expect(database.getCollection('d').config().settings).toBeUndefined()
    expect(await database.getCollection('d').count()).toBe(1)
  })

  test('goes on when the database is opened again', async () => {
    const disk = new SimulatedDisk()
    const gate = new SlowReads(disk)
    const { must } = await withSlowSnapshot(gate)
    const waiting = gate.shut()
    const { job_id: job } = await must('RestoreSnapshot', into('d'))
    await waiting
    const closing = milvus.close()
    gate.open()
    await closing
    milvus = await openSnapshotsDoor({ disk, seed: 2 })
    expect(milvus.database.jobs.list({ state: 'running' })).toHaveLength(1)
    expect(await milvus.refusal('DropSnapshot', from('c'))).toEqual([
      2601,
      expect.stringContaining('is restoring'),
    ])
    expect(await milvus.end(job)).toMatchObject({ state: 3, progress: 100, collection_name: 'd' })
    expect(await milvus.database.getCollection('d').count()).toBe(4)
    await milvus.must('DropSnapshot', from('c'))
  })

  test('that has made its target is done, though the process ended before it could say so', async () => {
    const { must, database } = await withSnapshot()
    const { id } = await collectionWithRows(milvus, 'd', 1)
    const input = { from: { archive: { directory: '', name: 'x' } }, snapshotName: 'x', target: 'd' }
    const job = database.jobs.start(
      'milvus-restore',
      { ...input, database: 'default', collection: 'd' },
      () => Promise.reject(new Error('the process ended')),
    )
    await expect(job.result).rejects.toThrow('ended')
    const only = async () => (await must('ListRestoreSnapshotJobs')).jobs[0]
    expect(await only()).toMatchObject({ state: 4, reason: 'the process ended', collection_name: 'd' })
    await database.documents.put(`milvus/restored/${job.id}`, id)
    expect(await only()).toMatchObject({ state: 3, progress: 100, reason: '', collection_name: 'd' })
  })

  test('that is being set up when the process ends holds nothing for ever', async () => {
    const disk = new SimulatedDisk()
    const { database } = await withSnapshot({ disk })
    const [snapshot] = database.listAllSnapshots()
    await snapshot!.hold({ reason: 'in use by a restore or an export through the Milvus API' })
    await milvus.close()
    milvus = await openSnapshotsDoor({ disk, seed: 2 })
    expect(milvus.database.listAllSnapshots()[0]!.info().holds).toEqual([])
  })
})

describe('an export', () => {
  test('is a file that makes the collection again, elsewhere', async () => {
    const disk = new SimulatedDisk()
    const { must, end, database } = await withSnapshot({ disk })
    const hash = await database.getCollection('c').contentHash()
    const started = await must('ExportSnapshot', { ...from('c'), target_s3_path: 'nightly/c.snapshot' })
    expect(started.snapshot_metadata_uri).toBe('file:///data/snapshots/nightly/c.snapshot')
    expect(await end(started.job_id, 'Export')).toMatchObject({
      state: 3,
      progress: 100,
      snapshot_name: 's',
      db_name: 'default',
      collection_name: 'c',
      total_files: 1n,
      copied_files: 1n,
      snapshot_metadata_uri: started.snapshot_metadata_uri,
    })
    expect(disk.paths()).toContain('/data/snapshots/nightly/c.snapshot')
    await must('DropSnapshot', from('c'))
    await must('DropCollection', { collection_name: 'c' })
    const { job_id: job } = await must('RestoreExternalSnapshot', {
      target_collection_name: 'd',
      snapshot_metadata_uri: started.snapshot_metadata_uri,
    })
    expect(await end(job)).toMatchObject({ state: 3, collection_name: 'd', snapshot_name: 'c.snapshot' })
    expect(await database.getCollection('d').contentHash()).toBe(hash)
    const described = await must('DescribeCollection', { collection_name: 'd' })
    expect(described.schema.fields.map((one: { fieldID: bigint }) => one.fieldID)).toEqual([100n, 101n])
  })

  test('into a folder is called after the snapshot; nothing is replaced, nothing lies outside', async () => {
    const { must, end, refusal } = await withSnapshot()
    const request = { ...from('c'), target_s3_path: 'weekly' }
    const started = await must('ExportSnapshot', request)
    expect(started.snapshot_metadata_uri).toMatch(
      /^file:\/\/\/data\/snapshots\/weekly\/s-[0-9a-f-]{36}\.snapshot$/,
    )
    expect((await refusal('ExportSnapshot', request))[1]).toContain('already exists')
    await end(started.job_id, 'Export')
    const again = { ...from('c'), target_s3_path: started.snapshot_metadata_uri }
    expect((await refusal('ExportSnapshot', again))[1]).toContain('already exists')
    for (const [path, words] of [
      ['s3://bucket/x', 's3 is not supported'],
      ['../x', 'lies outside'],
      ['/etc/x', 'lies outside'],
      ['file:///etc/x', 'lies outside'],
      ['file://host/x', 'no URL of a file'],
    ]) {
      const refused = await refusal('ExportSnapshot', { ...from('c'), target_s3_path: path })
      expect(refused, path).toEqual([1100, expect.stringContaining(words!)])
    }
    const spec = await refusal('ExportSnapshot', { ...request, external_spec: '{"extfs":{}}' })
    expect(spec[1]).toContain('external_spec is not supported')
  })

  test('from outside, what is no export is refused before there is a job', async () => {
    const { refusal, database } = await withSnapshot()
    const restore = (uri: string): object => ({ target_collection_name: 'd', snapshot_metadata_uri: uri })
    for (const [uri, code, words] of [
      ['', 1101, 'snapshot_metadata_uri is required'],
      ['none.snapshot', 1100, 'snapshot file not found'],
      ['file:///data/snapshots/none.snapshot', 1100, 'snapshot file not found'],
      ['s3://bucket/snapshots/x/metadata/00001-x.json', 2600, 'snapshot not found'],
      ['s3://bucket/x.snapshot', 1100, 's3 is not supported'],
      ['folder', 1100, 'is no .snapshot file'],
    ] as const)
      expect(await refusal('RestoreExternalSnapshot', restore(uri)), uri).toEqual([
        code,
        expect.stringContaining(words),
      ])
    expect(database.jobs.list()).toEqual([])
  })
})
