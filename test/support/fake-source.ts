import type { FastifyInstance } from 'fastify'
import type { AskSource } from '../../src/api/qdrant/move-in/source.ts'
import { DatabaseError } from '../../src/index.ts'
import type { Clock } from '../../src/runtime/clock.ts'

/** What a request was, as far as tests look at it. */
export interface SourceRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body: string
  readonly apiKey: string | undefined
}

/** How a source is to behave badly. */
export interface Misbehaviour {
  /** Called before each request: what it throws is thrown to the asker; a text is answered instead. */
  before?(request: SourceRequest, count: number): Promise<string | undefined> | string | undefined
  /** Answers as many bytes of it, and cuts the connection then. Undefined: all of it. */
  cutAfter?(request: SourceRequest, count: number): number | undefined
}

/** A server of Qdrant's API as others ask it, over no network. */
export class FakeSource {
  readonly requests: SourceRequest[] = []
  readonly #app: FastifyInstance
  misbehaviour: Misbehaviour = {}

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  /** Requests for pages of points. */
  get scrolls(): readonly SourceRequest[] {
    return this.requests.filter(({ path }) => path.endsWith('/scroll'))
  }

  readonly ask: AskSource = async (url, { json, apiKey, isDeletion, signal }) => {
    const method = isDeletion === true ? 'DELETE' : json === undefined ? 'GET' : 'POST'
    const request = { method, path: new URL(url).pathname, body: json ?? '', apiKey } as const
    this.requests.push(request)
    const count = this.requests.length
    const given = await this.misbehaviour.before?.(request, count)
    signal?.throwIfAborted()
    if (given !== undefined) return bytesOf(Buffer.from(given), undefined)
    const answer = await this.#app.inject({
      method,
      url: request.path,
      ...(json === undefined ? {} : { payload: json, headers: { 'content-type': 'application/json' } }),
    })
    if (answer.statusCode >= 300) throw refusal(answer.statusCode, answer.body)
    return bytesOf(answer.rawPayload, this.misbehaviour.cutAfter?.(request, count))
  }
}

export function refusal(status: number, body: string): DatabaseError {
  return new DatabaseError('download-refused', `status - ${status}`, { url: 'http://source', status, body })
}

export const cut = (): DatabaseError =>
  new DatabaseError('download-failed', 'Http request error: socket hang up')

async function* bytesOf(bytes: Uint8Array, cutAfter: number | undefined): AsyncGenerator<Uint8Array> {
  const end = Math.min(cutAfter ?? bytes.byteLength, bytes.byteLength)
  for (let at = 0; at < end; at += 1_000) yield bytes.subarray(at, Math.min(at + 1_000, end))
  if (end < bytes.byteLength) throw cut()
}

/** A clock on which every wait is over at once, and counted. */
export class HastyClock implements Clock {
  readonly waitsMs: number[] = []
  #now = 1_700_000_000_000

  now(): number {
    return this.#now
  }

  monotonic(): number {
    // Time goes on with every look.
    return (this.#now += 1)
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    this.waitsMs.push(delayMs)
    let isCancelled = false
    setImmediate(() => {
      this.#now += delayMs
      if (!isCancelled) callback()
    })
    return { cancel: () => (isCancelled = true) }
  }
}
