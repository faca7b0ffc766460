import { readU64 } from '../../../../encoding/binary.ts'
import { idKindNumber, idKindUuid, wordsOfId, type IdKind, type IdWords } from '../../../../ids/point-id.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import type { Bitset } from '../bitset.ts'
import { slotsMax } from '../../limits.ts'
import { SequentialReader } from '../../sequential-reader.ts'
import type { EntryBytes } from '../../types.ts'
import { readDeleted, twiceIn, type ImmutableFiles } from './immutable-tracker.ts'
import { SlotListBuilder } from './slot-list-builder.ts'
import type { SlotList } from './slot-list.ts'

// What a server with `serverless_compatible` writes: ids by slot (i2e) and slots by id (e2i), where UUIDs are integers
// of 16 bytes. i2e does not say which of its ids are UUIDs, so e2i is read and i2e compared with it.

const i2eHead = { magic: 0x51445f4932450001n, bytes: 32, total: 16, idBytes: 16 } as const
const e2iHead = {
  magic: 0x51445f4532490001n,
  bytes: 48,
  numbers: 16,
  uuids: 24,
  numbersPerBlock: 32,
  uuidsPerBlock: 36,
} as const
const layoutVersion = 2
const numberBytes = 12
const uuidBytes = 20

export interface DiskFiles extends Omit<ImmutableFiles, 'mappings'> {
  readonly i2e: EntryBytes
  readonly e2i: EntryBytes
}

/** @throws archive-invalid, version-unsupported */
export async function readDiskTracker(files: DiskFiles): Promise<SlotList> {
  const { i2e, e2i } = files
  const total = readU64(await readHead(i2e, i2eHead), i2eHead.total)
  if (total > slotsMax || i2e.bytes !== i2eHead.bytes + total * i2eHead.idBytes)
    throw invalidEntry(i2e.name, `it claims ${total} slots in ${i2e.bytes} bytes`)
  const deleted = await readDeleted(files, total)
  const builder = new SlotListBuilder('of-each-once')
  if (total > 0) builder.noteSlot(total - 1)
  const parts = partsOf(e2i, await readHead(e2i, e2iHead))
  await addPart(e2i, parts.numbers, { total, deleted, builder })
  await addPart(e2i, parts.uuids, { total, deleted, builder })
  const twice = await builder.twice()
  if (twice !== undefined) throw twiceIn(e2i, twice)
  const list = await builder.finish(e2i, files.versions)
  await compare(list, i2e, total)
  return list
}

async function readHead(entry: EntryBytes, head: { magic: bigint; bytes: number }): Promise<Buffer> {
  if (entry.bytes < head.bytes) throw invalidEntry(entry.name, 'it ends inside its head')
  const reader = new SequentialReader(entry, 0, head.bytes)
  await reader.fill(head.bytes)
  if (reader.buffer.readBigUInt64LE(0) !== head.magic)
    throw invalidEntry(entry.name, 'it does not begin as it must')
  const version = reader.buffer.readUInt32LE(8)
  if (version === layoutVersion) return reader.buffer
  throw invalidEntry(entry.name, `its layout ${version} is none that is known`)
}

interface Part {
  readonly kind: IdKind
  readonly at: number
  readonly count: number
  readonly entryBytes: number
}

/** Four parts, each at a multiple of 16; the first two only speed up a search in the others. */
function partsOf(entry: EntryBytes, head: Buffer): { readonly numbers: Part; readonly uuids: Part } {
  const numberCount = readU64(head, e2iHead.numbers)
  const uuidCount = readU64(head, e2iHead.uuids)
  const perBlock = [head.readUInt32LE(e2iHead.numbersPerBlock), head.readUInt32LE(e2iHead.uuidsPerBlock)]
  const why = `it claims ${numberCount} numbers and ${uuidCount} UUIDs in ${entry.bytes} bytes`
  if (numberCount + uuidCount > slotsMax || perBlock.includes(0)) throw invalidEntry(entry.name, why)
  const uuidBlocksAt = aligned(e2iHead.bytes + Math.ceil(numberCount / perBlock[0]!) * 8)
  const numbersAt = aligned(uuidBlocksAt + Math.ceil(uuidCount / perBlock[1]!) * 16)
  const uuidsAt = aligned(numbersAt + numberCount * numberBytes)
  if (entry.bytes !== uuidsAt + uuidCount * uuidBytes) throw invalidEntry(entry.name, why)
  return {
    numbers: { kind: idKindNumber, at: numbersAt, count: numberCount, entryBytes: numberBytes },
    uuids: { kind: idKindUuid, at: uuidsAt, count: uuidCount, entryBytes: uuidBytes },
  }
}

function aligned(offset: number): number {
  return Math.ceil(offset / 16) * 16
}

interface Target {
  readonly total: number
  readonly deleted: Bitset
  readonly builder: SlotListBuilder
}

async function addPart(entry: EntryBytes, part: Part, { total, deleted, builder }: Target): Promise<void> {
  const reader = new SequentialReader(entry, part.at, part.at + part.count * part.entryBytes)
  for (let i = 0; i < part.count; i++) {
    if (!reader.has(part.entryBytes)) await reader.fill(part.entryBytes)
    const { offset } = reader
    const at = reader.take(part.entryBytes)
    const slot = reader.buffer.readUInt32LE(at + part.entryBytes - 4)
    const refuse = (why: string): Error =>
      invalidEntry(entry.name, `the entry at byte ${offset} ${why}`, { offset })
    if (slot >= total) throw refuse(`names slot ${slot} of ${total}`)
    if (deleted.has(slot)) continue
    builder.put(wordsAt(part.kind, reader.buffer, at), slot)
  }
}

function wordsAt(kind: IdKind, buffer: Buffer, at: number): IdWords {
  const w0 = buffer.readUInt32LE(at)
  const w1 = buffer.readUInt32LE(at + 4)
  if (kind === idKindNumber) return { kind, w0, w1, w2: 0, w3: 0 }
  return { kind, w0: buffer.readUInt32LE(at + 12), w1: buffer.readUInt32LE(at + 8), w2: w1, w3: w0 }
}

/** The two files must say the same of every point that lives. */
async function compare(list: SlotList, i2e: EntryBytes, total: number): Promise<void> {
  const reader = new SequentialReader(i2e, i2eHead.bytes)
  for (let slot = 0, i = 0; slot < total && i < list.pointCount; slot++) {
    if (!reader.has(i2eHead.idBytes)) await reader.fill(i2eHead.idBytes)
    const { offset } = reader
    const at = reader.take(i2eHead.idBytes)
    if (list.slots[i] !== slot) continue
    const { kind, w0, w1, w2, w3 } = wordsOfId(list.at(i++).id)
    const stated = wordsAt(idKindUuid, reader.buffer, at)
    const isSame =
      kind === idKindUuid
        ? stated.w0 === w0 && stated.w1 === w1 && stated.w2 === w2 && stated.w3 === w3
        : stated.w3 === w0 && stated.w2 === w1 && stated.w1 === 0 && stated.w0 === 0
    if (isSame) continue
    throw invalidEntry(i2e.name, `the id of slot ${slot}, at byte ${offset}, is not that of id_tracker.e2i`, {
      offset,
    })
  }
}
