import type { ObjectStore } from './object-store.ts'

/**
 * Fills the targets, one after the other, with an object's bytes from `offset` on, in memory of the caller's choice: with
 * no copy where the store can. @throws object-not-found, request-invalid beyond the end; then the targets hold anything
 */
export async function readInto(
  store: ObjectStore,
  key: string,
  offset: number,
  targets: readonly Uint8Array[],
): Promise<void> {
  if (store.readInto !== undefined) return store.readInto(key, offset, targets)
  copyInto(await store.getRange(key, offset, totalBytes(targets)), targets)
}

export function totalBytes(targets: readonly Uint8Array[]): number {
  return targets.reduce((sum, { length }) => sum + length, 0)
}

/** `bytes` are as many as the targets hold. */
export function copyInto(bytes: Uint8Array, targets: readonly Uint8Array[]): void {
  let at = 0
  for (const target of targets) {
    target.set(bytes.subarray(at, at + target.length))
    at += target.length
  }
}
