// The ustar form of an archive (POSIX.1-1988), of which we use plain files only. A member is a header block, its
// bytes, and zeros up to the next multiple of 512; two blocks of zeros end the archive.
//
// Invariants:
//   - the same members give the same bytes: times, owners and modes are fixed.
//   - every header that is written reads back as the same name and size.

export const blockBytes = 512
/** Two blocks of zeros. */
export const endBytes = 2 * blockBytes
/** Zeros that other writers may add behind the end to fill their last record. */
export const trailingBytesMax = 1024 * 1024

/** Offset and length of the header's fields. */
export const field = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>

export const ustarMagic = 'ustar\x0000'
/** The largest size that eleven octal digits hold: 8 GiB - 1. */
export const octalSizeMax = 8 ** 11 - 1

/** Zeros that follow a member of `bytes` bytes. */
export function paddingBytes(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes
}

/** A member's whole length: header, bytes and padding. */
export function memberBytes(bytes: number): number {
  return blockBytes + bytes + paddingBytes(bytes)
}

/** Why a name cannot stand in an archive, or undefined if it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'it is empty'
  if (name.startsWith('/')) return 'it is absolute'
  if (name.includes('\\')) return 'it has a backslash'
  for (const character of name) {
    const code = character.codePointAt(0)!
    if (code < 0x20 || code === 0x7f) return 'it has a control character'
    if (code === 0x20 || code > 0x7e) return 'it has a character outside printable ASCII'
  }
  for (const part of name.split('/')) {
    if (part === '') return 'it has an empty part'
    if (part.startsWith('.')) return 'one of its parts begins with a dot'
  }
  return splitName(name) === undefined ? 'it is too long' : undefined
}

/** A name as the header holds it: the prefix ends at a slash that neither part keeps. */
export function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  const [, nameMax] = field.name
  const [, prefixMax] = field.prefix
  if (name.length <= nameMax) return { prefix: '', name }
  const slash = name.indexOf('/', name.length - nameMax - 1)
  if (slash <= 0 || slash > prefixMax) return undefined
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) }
}
