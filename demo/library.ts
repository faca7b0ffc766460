import type { QdrantClient } from '@qdrant/js-client-rest'
import { startProgress } from '../scripts/terminal/progress.ts'
import { allPoints, canonicalJson } from './content-hash.ts'
import { dimensions, type Embedding } from './embedding.ts'
import type { Passage } from './passages.ts'

export const collection = 'readmes'
export const hitsPerQuestion = 3

const batchSize = 200

export interface Hit {
  readonly id: number | string
  readonly score: number
  readonly package: string
  readonly heading: string
  readonly text: string
}

/** The passages as a collection: point n is passage n - 1. */
export class Library {
  readonly #client: QdrantClient
  readonly #passages: readonly Passage[]
  readonly #vectors: readonly Float32Array[]
  readonly #embedding: Embedding
  readonly #signal: AbortSignal

  constructor(parts: {
    client: QdrantClient
    passages: readonly Passage[]
    embedding: Embedding
    signal: AbortSignal
  }) {
    this.#client = parts.client
    this.#passages = parts.passages
    this.#embedding = parts.embedding
    this.#vectors = parts.passages.map((passage) => parts.embedding.embed(searchableText(passage)))
    this.#signal = parts.signal
  }

  async create(): Promise<void> {
    await this.#client.createCollection(collection, { vectors: { size: dimensions, distance: 'Cosine' } })
    await this.#write('indexing', idsFrom(1, this.#passages.length, 1), async (ids) => {
      const points = ids.map((id) => ({
        id,
        vector: this.#vectorOf(id),
        payload: { ...this.#passages[id - 1] },
      }))
      await this.#client.upsert(collection, { wait: true, points })
    })
  }

  async count(): Promise<number> {
    return (await this.#client.count(collection, { exact: true })).count
  }

  /** How many points come back with the payload that was sent, and its vector up to rounding. */
  async countAsSent(): Promise<number> {
    let count = 0
    for await (const { id, payload, vector } of allPoints(this.#client, collection, this.#signal)) {
      const sent = this.#vectors[id - 1]
      const samePayload = canonicalJson(payload) === canonicalJson(this.#passages[id - 1])
      // The server normalises for itself: the last bit may differ.
      const sameVector = vector.every((value, i) => Math.abs(value - (sent?.[i] ?? Number.NaN)) < 1e-6)
      if (samePayload && sameVector && vector.length === dimensions) count += 1
    }
    return count
  }

  async ask(question: string): Promise<readonly Hit[]> {
    const query = [...this.#embedding.embed(question)]
    const { points } = await this.#client.query(collection, {
      query,
      limit: hitsPerQuestion,
      with_payload: true,
    })
    return points.map(({ id, score, payload }) => ({
      id,
      score,
      package: asText(payload?.['package']),
      heading: asText(payload?.['heading']),
      text: asText(payload?.['text']),
    }))
  }

  /** Deletes points 3, 6, 9 and so on. @returns how many */
  async deleteThird(): Promise<number> {
    const ids = idsFrom(3, this.#passages.length, 3)
    await this.#write('deleting', ids, (points) => this.#client.delete(collection, { wait: true, points }))
    return ids.length
  }

  /** Puts something else at points 1, 4, 7 and so on, found where the passage before was. @returns how many */
  async overwriteThird(): Promise<number> {
    const ids = idsFrom(1, this.#passages.length, 3)
    await this.#write('overwriting', ids, async (batch) => {
      const points = batch.map((id) => ({
        id,
        vector: this.#vectorOf(id === 1 ? this.#passages.length : id - 1),
        payload: { package: '?', text: `overwritten by a script that meant another collection (${id})` },
      }))
      await this.#client.upsert(collection, { wait: true, points })
    })
    return ids.length
  }

  #vectorOf(id: number): number[] {
    return [...(this.#vectors[id - 1] ?? [])]
  }

  async #write(
    label: string,
    ids: readonly number[],
    write: (ids: number[]) => Promise<unknown>,
  ): Promise<void> {
    const progress = startProgress(label, ids.length, 'points')
    try {
      for (let done = 0; done < ids.length; done += batchSize) {
        this.#signal.throwIfAborted()
        await write(ids.slice(done, done + batchSize))
        progress.update(Math.min(done + batchSize, ids.length))
      }
    } finally {
      progress.end()
    }
  }
}

/** What a passage is found by: the package and the headings say what the text is about. */
export function searchableText(passage: Passage): string {
  return `${passage.package} ${passage.heading}\n${passage.text}`
}

function idsFrom(first: number, last: number, step: number): readonly number[] {
  return Array.from(
    { length: Math.max(0, Math.floor((last - first) / step) + 1) },
    (_, i) => first + i * step,
  )
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
