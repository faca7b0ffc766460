import { idKindNumber, idKindUuid } from '../../../../ids/point-id.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { slotsMax } from '../../limits.ts'
import { SequentialReader } from '../../sequential-reader.ts'
import type { EntryBytes } from '../../types.ts'
import { readIdWords, SlotListBuilder } from './slot-list-builder.ts'
import type { SlotList } from './slot-list.ts'

// A log, replayed in order: u8 kind, then the id (u64 or 16 bytes), then u32 slot behind inserts.

const kinds = {
  insertNumber: 1,
  insertUuid: 2,
  deleteNumber: 3,
  deleteUuid: 4,
} as const

const entryBytes = [0, 13, 21, 9, 17] as const

/** @throws archive-invalid */
export async function readMutableTracker(mappings: EntryBytes, versions: EntryBytes): Promise<SlotList> {
  const builder = new SlotListBuilder('log', Math.floor(mappings.bytes / entryBytes[kinds.insertNumber]))
  const reader = new SequentialReader(mappings)
  let slotsEnd = 0
  while (reader.left > 0) {
    if (!reader.has(1)) await reader.fill(1)
    const { offset } = reader
    const kind = reader.buffer[reader.take(0)]!
    const bytes = entryBytes[kind]
    if (bytes === undefined || bytes === 0)
      throw invalidEntry(mappings.name, `the entry at byte ${offset} is of the unknown kind ${kind}`, {
        offset,
      })
    // The server was stopped while it wrote this one.
    if (reader.left < bytes) break
    if (!reader.has(bytes)) await reader.fill(bytes)
    const at = reader.take(bytes)
    const isNumber = kind === kinds.insertNumber || kind === kinds.deleteNumber
    const id = readIdWords(isNumber ? idKindNumber : idKindUuid, reader.buffer, at + 1)
    if (kind === kinds.deleteNumber || kind === kinds.deleteUuid) {
      builder.remove(id)
      continue
    }
    const slot = reader.buffer.readUInt32LE(at + bytes - 4)
    if (slot >= slotsMax)
      throw invalidEntry(mappings.name, `the entry at byte ${offset} names slot ${slot}`, { offset })
    builder.put(id, slot)
    if (slot >= slotsEnd) slotsEnd = slot + 1
  }
  if (Math.floor(versions.bytes / 8) > slotsEnd) {
    const why = `it has versions of ${Math.floor(versions.bytes / 8)} slots, there are ${slotsEnd}`
    throw invalidEntry(versions.name, why)
  }
  return builder.finish(mappings, versions)
}
