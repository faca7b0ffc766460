import { parseJson, type JsonObject } from '../../../index.ts'

/** Faster requests are not kept. */
export const slowFromMs = 50

const keptPerName = 32

export interface SlowRequest {
  readonly collection: string
  /** The kind of request, such as `query`. */
  readonly name: string
  readonly durationMs: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** JSON text as it came; null: none, or too long to be kept. */
  readonly body: string | null
}

/**
 * The slowest requests of each kind; the same request counts as one, with its longest duration. Where many are slow, the
 * processor has enough to do: bodies are compared as they came, and parsed when somebody asks.
 */
export class SlowRequests {
  readonly #byName = new Map<string, { request: SlowRequest; text: string; count: number }[]>()

  record(request: SlowRequest): void {
    if (request.durationMs < slowFromMs) return
    const kept = this.#byName.get(request.name) ?? []
    this.#byName.set(request.name, kept)
    const text = `${request.collection}\n${request.body ?? ''}`
    const same = kept.find((one) => one.text === text)
    if (same === undefined) kept.push({ request, text, count: 1 })
    else {
      same.count += 1
      if (request.durationMs > same.request.durationMs) same.request = request
    }
    kept.sort((a, b) => b.request.durationMs - a.request.durationMs)
    kept.length = Math.min(kept.length, keptPerName)
  }

  /** The slowest first, of kinds whose name holds `part`. */
  list(limit: number, part = ''): JsonObject[] {
    return [...this.#byName]
      .filter(([name]) => name.includes(part))
      .flatMap(([, kept]) => kept)
      .sort((a, b) => b.request.durationMs - a.request.durationMs)
      .slice(0, limit)
      .map(({ request, count }) => ({
        collection_name: request.collection,
        duration: Math.floor(request.durationMs) / 1_000,
        datetime: new Date(request.at).toISOString(),
        request_name: request.name,
        approx_count: count,
        request_body: request.body === null ? null : parseJson(request.body),
      }))
  }
}
