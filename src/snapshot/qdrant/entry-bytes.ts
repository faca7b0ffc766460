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

/** A range of equally long pieces, one behind the other; `into` as in `EntryBytes`. */
export async function readPieces(
  pieces: readonly EntryBytes[],
  pieceBytes: number,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const inFirst = offset % pieceBytes
  if (inFirst + length <= pieceBytes)
    return pieces[Math.floor(offset / pieceBytes)]!.read(inFirst, length, into)
  const parts: Uint8Array[] = []
  for (let at = offset; at < offset + length;) {
    const inPiece = at % pieceBytes
    const bytes = Math.min(offset + length - at, pieceBytes - inPiece)
    parts.push(await pieces[Math.floor(at / pieceBytes)]!.read(inPiece, bytes))
    at += bytes
  }
  return Buffer.concat(parts)
}
