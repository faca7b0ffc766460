import type { QdrantClient } from '@qdrant/js-client-rest'
import { createHash } from 'node:crypto'

export interface Content {
  readonly pointCount: number
  /** SHA-256 over every point in order of ids: the id, the payload with its keys sorted, the vector's float32 bytes. */
  readonly sha256: string
}

const pageSize = 500

export interface StoredPoint {
  readonly id: number
  readonly payload: Readonly<Record<string, unknown>>
  readonly vector: readonly number[]
}

/** Hashes what the server answers; the server has no part in the hash. */
export async function hashContent(
  client: QdrantClient,
  collection: string,
  signal: AbortSignal,
): Promise<Content> {
  const hash = createHash('sha256')
  let pointCount = 0
  for await (const { id, payload, vector } of allPoints(client, collection, signal)) {
    hash.update(`${id}\n${canonicalJson(payload)}\n`).update(vectorBytes(vector))
    pointCount += 1
  }
  return { pointCount, sha256: hash.digest('hex') }
}

/** Scrolls through the whole collection. @throws if the ids do not ascend */
export async function* allPoints(
  client: QdrantClient,
  collection: string,
  signal: AbortSignal,
): AsyncGenerator<StoredPoint> {
  let previous = -1
  let offset: number | undefined
  do {
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
      if (!Array.isArray(vector)) throw new Error(`Point ${id} came without its vector`)
      yield { id, payload: payload ?? {}, vector: vector as number[] }
      previous = id
    }
    offset = typeof page.next_page_offset === 'number' ? page.next_page_offset : undefined
  } while (offset !== undefined)
}

function vectorBytes(vector: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((value, i) => bytes.writeFloatLE(value, i * 4))
  return bytes
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
