import { assert } from '../../../runtime/assert.ts'
import { resolveRange, type ArchiveBytes } from '../../archive/archive-bytes.ts'
import type { ByteRange } from '../../archive/layout.ts'
import { endBytes, paddingBytes } from '../../archive/tar/tar-format.ts'
import { encodeGnuHeader } from '../tar/write-gnu-header.ts'

/** An entry whose length is known before its bytes are made. */
export interface TarEntry {
  /** Of a directory with a slash at its end. */
  readonly name: string
  readonly bytes: number
  /** Exactly so many bytes, the same ones every time. */
  stream(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** Entries one behind the other. A range makes only the entries that it touches. */
export function tarOf(entries: readonly TarEntry[]): ArchiveBytes {
  const headers = entries.map((entry) => encodeGnuHeader(entry).byteLength)
  const bytes = entries.reduce(
    (sum, entry, i) => sum + headers[i]! + entry.bytes + paddingBytes(entry.bytes),
    endBytes,
  )
  assert(Number.isSafeInteger(bytes), 'the length of an archive is a safe integer')
  return { bytes, stream: (range) => streamRange(entries, resolveRange(bytes, range)) }
}

async function* streamRange(
  entries: readonly TarEntry[],
  { offset, length }: ByteRange,
): AsyncGenerator<Uint8Array> {
  const [from, to] = [offset, offset + length]
  let at = 0
  /** The part of the next bytes of the archive that is wanted. */
  const wanted = (bytes: Uint8Array): Uint8Array => {
    const start = at
    at += bytes.byteLength
    return bytes.subarray(Math.max(from - start, 0), Math.max(to - start, 0))
  }
  for (const entry of entries) {
    if (at >= to) return
    const header = encodeGnuHeader(entry)
    const end = at + header.byteLength + entry.bytes + paddingBytes(entry.bytes)
    if (end <= from) {
      at = end
      continue
    }
    yield* filled(wanted(header))
    for await (const chunk of entry.stream()) {
      yield* filled(wanted(chunk))
      if (at >= to) return
    }
    yield* filled(wanted(new Uint8Array(paddingBytes(entry.bytes))))
    assert(at === end, `entry ${entry.name} has the length that was said of it`)
  }
  yield* filled(wanted(new Uint8Array(endBytes)))
}

function* filled(bytes: Uint8Array): Iterable<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}
