import { createHash } from 'node:crypto'
import type { StoredView } from '../collection/open-view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { verifySegment } from '../segment/segment-reader.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Reads and hashes every byte that a stored collection reaches. @throws segment-corrupt naming the file, cancelled */
export async function verifyStored(
  store: ObjectStore,
  stored: StoredView,
  signal?: AbortSignal,
): Promise<void> {
  for (const info of stored.segments) {
    checkSignal(signal)
    await verifySegment(store, info)
  }
  for (const entries of stored.shards) {
    for (const entry of entries) {
      for (const ref of [...entry.inherited, ...entry.deltas]) {
        checkSignal(signal)
        await verifyFile(store, `segments/${entry.segment}/${ref.name}`, ref)
      }
    }
  }
}

async function verifyFile(
  store: ObjectStore,
  key: string,
  expected: { bytes: number; sha256: string },
): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of store.stream(key)) {
    hash.update(chunk)
    bytes += chunk.byteLength
  }
  if (bytes === expected.bytes && hash.digest('hex') === expected.sha256) return
  throw new DatabaseError(
    'segment-corrupt',
    `Cannot trust ${key}: it does not have the length and checksum that its manifest states`,
    { key },
  )
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DatabaseError('cancelled', 'Cannot go on verifying: it was cancelled')
}
