import { readU64 } from '../../../../encoding/binary.ts'
import { idKindNumber, idKindUuid, idOfWords, type IdWords } from '../../../../ids/point-id.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { Bitset } from '../bitset.ts'
import { slotsMax } from '../../limits.ts'
import { SequentialReader } from '../../sequential-reader.ts'
import type { EntryBytes } from '../../types.ts'
import { readIdWords, SlotListBuilder } from './slot-list-builder.ts'
import type { SlotList } from './slot-list.ts'

// u64 count, then for each slot: u8 kind, the id (u64 or 16 bytes), u32 slot. Deleted ones stay in the list.

const headBytes = 8
const entryBytes = { [idKindNumber]: 13, [idKindUuid]: 21 } as const

export interface ImmutableFiles {
  readonly mappings: EntryBytes
  readonly deleted: EntryBytes
  readonly versions: EntryBytes
}

/** @throws archive-invalid */
export async function readImmutableTracker(files: ImmutableFiles): Promise<SlotList> {
  const { mappings } = files
  if (mappings.bytes < headBytes) throw invalidEntry(mappings.name, 'it ends inside its head')
  const reader = new SequentialReader(mappings)
  await reader.fill(headBytes)
  const count = readU64(reader.buffer, reader.take(headBytes))
  if (count > slotsMax || count * entryBytes[idKindNumber] > reader.left)
    throw invalidEntry(mappings.name, `it claims ${count} entries in ${mappings.bytes} bytes`)
  const deleted = await readDeleted(files, count)
  const builder = new SlotListBuilder('of-each-once')
  for (let slot = 0; slot < count; slot++) {
    if (!reader.has(entryBytes[idKindUuid]) && reader.left > 0) {
      await reader.fill(Math.min(reader.left, entryBytes[idKindUuid]))
    }
    addEntry(reader, slot, deleted, builder)
  }
  const twice = await builder.twice()
  if (twice !== undefined) throw twiceIn(mappings, twice)
  if (reader.left > 0)
    throw invalidEntry(mappings.name, `${reader.left} bytes follow its last entry, at byte ${reader.offset}`)
  return builder.finish(mappings, files.versions)
}

function addEntry(reader: SequentialReader, slot: number, deleted: Bitset, builder: SlotListBuilder): void {
  const { name } = reader.entry
  const { offset } = reader
  const refuse = (why: string): Error => invalidEntry(name, `the entry at byte ${offset} ${why}`, { offset })
  const kind = reader.has(1) ? reader.buffer[reader.take(0)]! : undefined
  if (kind !== undefined && kind !== idKindNumber && kind !== idKindUuid)
    throw refuse(`is of the unknown kind ${kind}`)
  if (kind === undefined || reader.left < entryBytes[kind]) throw refuse('is cut off')
  const at = reader.take(entryBytes[kind])
  const stated = reader.buffer.readUInt32LE(at + entryBytes[kind] - 4)
  if (stated !== slot) throw refuse(`names slot ${stated} in the place of ${slot}`)
  builder.noteSlot(slot)
  if (deleted.has(slot)) return
  builder.put(readIdWords(kind, reader.buffer, at + 1), slot)
}

/** Of ids that may be there once only. */
export function twiceIn(
  mappings: EntryBytes,
  { id, slot }: { readonly id: IdWords; readonly slot: number },
): Error {
  return invalidEntry(
    mappings.name,
    `slot ${slot} has the id ${String(idOfWords(id))}, which has another slot`,
    {
      slot,
    },
  )
}

/** The bits of the slots, checked for the size of their file and that of the versions. */
export async function readDeleted(
  { deleted, versions }: Omit<ImmutableFiles, 'mappings'>,
  count: number,
): Promise<Bitset> {
  const bytes = Math.ceil(count / 64) * 8
  if (deleted.bytes !== bytes)
    throw invalidEntry(deleted.name, `it has ${deleted.bytes} bytes, ${count} slots need ${bytes}`)
  if (versions.bytes !== count * 8)
    throw invalidEntry(versions.name, `it has ${versions.bytes} bytes, ${count} slots need ${count * 8}`)
  return new Bitset(await deleted.read(0, bytes))
}
