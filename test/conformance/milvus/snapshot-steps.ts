import { DataType, type MilvusClient, type RestoreSnapshotJobInfo } from '@zilliz/milvus2-sdk-node'
import { expect } from 'vitest'
import { good } from './client.ts'

/** A loaded collection with the keys 0..rows-1; row n lies at (n, 1). */
export async function fill(client: MilvusClient, collection_name: string, rows: number): Promise<void> {
  await good(
    client.createCollection({
      collection_name,
      fields: [
        { name: 'id', data_type: DataType.Int64, is_primary_key: true },
        { name: 'v', data_type: DataType.FloatVector, dim: 2 },
        { name: 'group', data_type: DataType.VarChar, max_length: 16 },
      ],
      index_params: [
        {
          field_name: 'v',
          index_name: 'by_v',
          index_type: 'HNSW',
          metric_type: 'L2',
          params: { M: 8, efConstruction: 64 },
        },
      ],
    }),
  )
  await insert(client, collection_name, 0, rows)
}

/** Adds the keys from..to-1. */
export async function insert(client: MilvusClient, collection_name: string, from: number, to: number) {
  const data = Array.from({ length: to - from }, (_, at) => from + at).map((id) => ({
    id,
    v: [id, 1],
    group: `g${id % 3}`,
  }))
  await good(client.insert({ collection_name, data }))
}

export async function count(client: MilvusClient, collection_name: string): Promise<number> {
  const { data } = await good(client.query({ collection_name, filter: '', output_fields: ['count(*)'] }))
  return Number(data[0]!['count(*)'])
}

export async function ids(client: MilvusClient, collection_name: string, filter: string): Promise<number[]> {
  const { data } = await good(client.query({ collection_name, filter, output_fields: ['id'] }))
  return data.map(({ id }) => Number(id))
}

/** Starts a restore; the id of its job. */
export async function restore(
  client: MilvusClient,
  snapshot_name: string,
  source_collection_name: string,
  target_collection_name: string,
): Promise<string> {
  const request = { snapshot_name, source_collection_name, target_collection_name }
  return (await good(client.restoreSnapshot(request))).job_id
}

/** Waits for a job's completion. Its progress never goes back. */
export async function finished(client: MilvusClient, job_id: string): Promise<RestoreSnapshotJobInfo> {
  let before = 0
  for (;;) {
    const { info } = await good(client.getRestoreSnapshotState({ job_id }))
    expect(info.progress).toBeGreaterThanOrEqual(before)
    before = info.progress
    if (info.state === 'RestoreSnapshotCompleted') return info
    if (info.state === 'RestoreSnapshotFailed') throw new Error(`The job failed: ${info.reason}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
