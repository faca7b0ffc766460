import { invalidEntry } from '../../../archive/archive-error.ts'
import { FlagBits } from './flags.ts'
import type { SegmentFiles } from '../segment-files.ts'
import type { EntryBytes } from '../../types.ts'
import type { RowFile } from './row-file.ts'

// matrix.dat: "data" and the rows. deleted.dat: "drop", four zeros, a bitset of whole u64 words.

const matrixHead = 4
const deletedHead = 8

/** @throws archive-invalid */
export async function openSingleFile(folder: SegmentFiles, rowBytes: number): Promise<RowFile> {
  const entry = folder.get('matrix.dat')
  await checkMagic(entry, 'data')
  if ((entry.bytes - matrixHead) % rowBytes !== 0)
    throw invalidEntry(entry.name, `its ${entry.bytes - matrixHead} bytes are not whole rows of ${rowBytes}`)
  return {
    name: entry.name,
    count: (entry.bytes - matrixHead) / rowBytes,
    rowBytes,
    rowsPerChunk: Infinity,
    read: (offset, length, into) => entry.read(matrixHead + offset, length, into),
    place: (offset) => `byte ${matrixHead + offset}`,
  }
}

/** @throws archive-invalid */
export async function openDroppedBits(folder: SegmentFiles, slotCount: number): Promise<FlagBits> {
  const entry = folder.get('deleted.dat')
  await checkMagic(entry, 'drop')
  const needed = Math.ceil(slotCount / 64) * 8
  if (entry.bytes < deletedHead + needed)
    throw invalidEntry(
      entry.name,
      `it has ${entry.bytes} bytes, ${slotCount} slots need ${deletedHead + needed}`,
    )
  return new FlagBits(entry, deletedHead, slotCount)
}

async function checkMagic(entry: EntryBytes, magic: string): Promise<void> {
  const head = await entry.read(0, Math.min(4, entry.bytes))
  if (Buffer.from(head).toString('latin1') !== magic)
    throw invalidEntry(entry.name, `it does not begin with "${magic}"`)
}
