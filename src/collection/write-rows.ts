import { storeVectors } from '../segment/segment-reader.ts'
import type { SegmentWriter, WriteOptions } from '../segment/segment-writer.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { writtenColumns } from './graph-params.ts'
import type { SegmentHandle, SegmentRegistry } from './segment-handle.ts'
import type { FullConfig } from './view.ts'

interface WriteParts {
  readonly store: ObjectStore
  readonly registry: SegmentRegistry
  readonly segments: SegmentWriter
}

/**
 * Writes the rows of a frozen segment, whose description says so from then on. Vectors that are to stay in files leave memory.
 * After a failure nothing has changed but that there may be files, which another attempt replaces.
 * @throws write-failed, read-failed, cancelled, overloaded, database-closed
 */
export async function writeRows(
  { store, registry, segments }: WriteParts,
  handle: SegmentHandle,
  config: FullConfig,
  options: WriteOptions = {},
): Promise<void> {
  const { id, rows } = handle
  const info = await segments.write(id, rows, config.payloadIndexes, options)
  // Before anybody knows that it is written: no graph is begun over vectors that leave.
  const vectors = writtenColumns(config, registry.graphSettings)
  await storeVectors(store, info, vectors, rows, registry.loading)
  handle.written(info)
}
