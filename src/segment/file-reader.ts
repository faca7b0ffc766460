import { createHash } from 'node:crypto'
import { DatabaseError } from '../errors/database-error.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readInto } from '../storage/read-into.ts'
import { corruptFile } from './format.ts'

/** An object and what its manifest states of it. */
export interface StatedFile {
  readonly key: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Reads the whole object once, in chunks, and hashes it.
 * @throws segment-corrupt if length or SHA-256 is another than stated, object-not-found
 */
export async function readHashed(store: ObjectStore, file: StatedFile): Promise<void> {
  await checkLength(store, file)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of readAhead(store.stream(file.key))) {
    if (chunk.length > file.bytes - bytes) throw wrongLength(file, bytes + chunk.length)
    hash.update(chunk)
    bytes += chunk.length
  }
  if (bytes !== file.bytes) throw wrongLength(file, bytes)
  checkSha256(file, hash.digest('hex'))
}

/** The object's bytes, in memory of their own. @throws segment-corrupt, object-not-found */
export async function readWhole(store: ObjectStore, file: StatedFile): Promise<Uint8Array> {
  // Nothing is allocated by a length that only the manifest claims.
  await checkLength(store, file)
  const whole = new Uint8Array(file.bytes)
  await readInto(store, file.key, 0, [whole])
  checkSha256(file, createHash('sha256').update(whole).digest('hex'))
  return whole
}

/** What `decode` finds wrong becomes segment-corrupt and names the object. */
export async function decoding<T>(key: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (error) {
    if (error instanceof InvariantViolation) throw error
    if (error instanceof DatabaseError && (error.code !== 'segment-corrupt' || error.details.key === key)) {
      throw error
    }
    throw corruptFile(key, error instanceof Error ? error.message : String(error), error)
  }
}

/** @throws segment-corrupt, object-not-found */
export async function checkLength(store: ObjectStore, file: StatedFile): Promise<void> {
  const object = await store.head(file.key)
  if (object === undefined) {
    throw new DatabaseError('object-not-found', `Cannot read ${file.key}: there is no such object`, {
      key: file.key,
    })
  }
  if (object.bytes !== file.bytes) throw wrongLength(file, object.bytes)
}

function checkSha256(file: StatedFile, sha256: string): void {
  if (sha256 === file.sha256) return
  throw corruptFile(file.key, `its SHA-256 is ${sha256}, its manifest says ${file.sha256}`)
}

function wrongLength(file: StatedFile, bytes: number): DatabaseError {
  return corruptFile(file.key, `it has ${bytes} bytes, its manifest says ${file.bytes}`)
}

/** The next chunk is on its way while the present one is used. */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let pending = iterator.next()
  try {
    for (;;) {
      const next = await pending
      if (next.done === true) return
      pending = iterator.next()
      // Its failure comes to light when it is awaited; until then it must not count as unhandled.
      pending.catch(() => undefined)
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}
