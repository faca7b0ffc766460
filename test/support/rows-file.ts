import { createHash } from 'node:crypto'
import { segmentIdOf, seqOf } from '../../src/ids/brands.ts'
import { segmentKey, type SegmentInfo } from '../../src/segment/format.ts'
import type { RowSet } from '../../src/segment/row-set.ts'
import { readSegment } from '../../src/segment/segment-reader.ts'
import { MemoryObjectStore } from '../../src/storage/memory-object-store.ts'

const id = segmentIdOf('11111111-2222-4333-8444-555555555555')

/** The rows of a `rows.parquet`, read as a segment without vectors whose checksum is as it should be. Release them. */
export async function readRowsFile(
  bytes: Uint8Array,
  stated: { readonly rowCount: number; readonly minSeq: number; readonly maxSeq: number },
): Promise<RowSet> {
  const store = new MemoryObjectStore()
  await store.put(segmentKey(id, 'rows.parquet'), new Uint8Array(bytes))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const info: SegmentInfo = {
    id,
    rowCount: stated.rowCount,
    minSeq: seqOf(stated.minSeq),
    maxSeq: seqOf(stated.maxSeq),
    formatVersion: 1,
    files: [{ name: 'rows.parquet', bytes: bytes.length, sha256 }],
  }
  return readSegment(store, info, {})
}
