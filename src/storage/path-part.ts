/**
 * Whether a name can be one part of a path on any file system: not empty, not `.` or `..`, without slashes, backslashes,
 * control characters and halves of surrogate pairs (which no file system would give back), within `bytesMax` bytes.
 */
export function isPathPart(part: string, bytesMax: number): boolean {
  if (part === '' || part === '.' || part === '..') return false
  return !/[/\\\p{Cc}\p{Cs}]/u.test(part) && Buffer.byteLength(part) <= bytesMax
}
