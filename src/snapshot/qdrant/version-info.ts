import { DatabaseError } from '../../errors/database-error.ts'
import { invalidEntry } from '../archive/archive-error.ts'
import { readEntry } from './entry-bytes.ts'
import type { EntryBytes } from './types.ts'

/** Of the storage formats of Qdrant 1.16 to 1.19, which it compares. Segments of another one it deletes without a word. */
export const collectionVersion = '0.4.2'
export const segmentVersion = '0.6.0'

/** @throws version-unsupported for a newer one than `newest`, archive-invalid for what is no version */
export async function readVersion(entry: EntryBytes, newest: string): Promise<string> {
  const text =
    entry.bytes > 64
      ? ''
      : Buffer.from(await readEntry(entry))
          .toString('latin1')
          .trim()
  if (!/^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(text)) throw invalidEntry(entry.name, 'it holds no version')
  if (compareVersions(text, newest) <= 0) return text
  const message = `Cannot read archive: entry ${entry.name}: it is of version ${text}, known up to ${newest}`
  throw new DatabaseError('version-unsupported', message, { entry: entry.name, version: text, newest })
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  return [0, 1, 2].map((part) => left![part]! - right![part]!).find((difference) => difference !== 0) ?? 0
}
