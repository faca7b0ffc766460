import type { EntryBytes } from './types.ts'

/** Bytes that are in memory, under a name for messages. */
export function entryInMemory(name: string, content: Uint8Array): EntryBytes {
  return {
    name,
    bytes: content.byteLength,
    read: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
  }
}

/** Everything, for entries whose length has been looked at. */
export function readEntry(entry: EntryBytes): Promise<Uint8Array> {
  return entry.read(0, entry.bytes)
}
