import type { QdrantClient } from '@qdrant/js-client-rest'
import { createHash } from 'node:crypto'

export interface Content {
  readonly pointCount: number
  /** SHA-256 over every point in order of ids: the id, the payload with its keys sorted, the vector's float32 bytes. */
  readonly sha256: string
}

const pageSize = 500

/** Scrolls through the whole collection and hashes what the server answers; the server has no part in the hash. */
export async function hashContent(
  client: QdrantClient,
  collection: string,
  signal: AbortSignal,
): Promise<Content> {
  const hash = createHash('sha256')
  let pointCount = 0
  let previous = -1
  let offset: number | string | undefined
  for (;;) {
    signal.throwIfAborted()
    const page = await client.scroll(collection, {
      limit: pageSize,
      with_payload: true,
      with_vector: true,
      ...(offset === undefined ? {} : { offset }),
    })
    for (const { id, payload, vector } of page.points) {
      if (typeof id !== 'number' || id <= previous) {
        throw new Error(`The points are out of order: ${id} comes after ${previous}`)
      }
      hash.update(`${id}\n${canonicalJson(payload ?? {})}\n`).update(vectorBytes(vector))
      previous = id
      pointCount += 1
    }
    if (typeof page.next_page_offset !== 'number') break
    offset = page.next_page_offset
  }
  return { pointCount, sha256: hash.digest('hex') }
}

function vectorBytes(vector: unknown): Uint8Array {
  if (!Array.isArray(vector)) throw new Error('A point came without its vector')
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((value: number, i) => bytes.writeFloatLE(value, i * 4))
  return bytes
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
