import { asBuffer } from '../../src/encoding/binary.ts'
import {
  decodeFileHeader,
  decodeRecord,
  fileHeaderBytes,
  markOf,
  recordBytesAt,
} from '../../src/log/format.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'

/**
 * How many bytes of a file cannot change without notice. All, but for a file of the log: its last group of records
 * looks, with one bit wrong, like a write that power loss interrupted, unless something behind it says that it was durable.
 */
export async function provenBytes(disk: SimulatedDisk, path: string): Promise<number> {
  const bytes = asBuffer(await disk.readFile(path))
  if (!path.endsWith('.log')) return bytes.length
  const header = decodeFileHeader(bytes.subarray(0, fileHeaderBytes))
  if ('problem' in header) return bytes.length
  const mark = markOf(bytes)
  const records: { at: number; seq: number }[] = []
  let durable = 0
  for (let at = fileHeaderBytes; at < bytes.length;) {
    const length = recordBytesAt(bytes, at, mark)
    const record =
      length === undefined || length > bytes.length - at ? undefined : decodeRecord(bytes, at, length, mark)
    if (length === undefined || record === undefined) break
    records.push({ at, seq: record.seq })
    durable = Math.max(durable, record.durableSeq)
    at += length
  }
  return records.find(({ seq }) => seq > durable)?.at ?? bytes.length
}
