import { DatabaseError, isDatabaseError, JsonSyntaxError, parseJson, type JsonValue } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { isObject } from '../decode.ts'

/** How a server is asked; see the server's downloads for what it obeys. */
export type AskSource = (
  url: string,
  request: {
    readonly apiKey?: string | undefined
    readonly json?: string | undefined
    readonly signal?: AbortSignal | undefined
    readonly isDeletion?: boolean
    readonly answerTimeoutMs?: number
    readonly keepsRefusal?: boolean
  },
) => Promise<AsyncIterable<Uint8Array>>

export interface SourceOptions {
  /** http or https, without a user in it; a path in it stands before the routes. */
  readonly url: string
  readonly apiKey: string | undefined
  readonly ask: AskSource
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Milliseconds before the second attempt and those after it: a minute in all. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504])

/** Of answers that say something; pages of points have a bound of their own. */
const bytesMaxDefault = 64 * 2 ** 20

/** An answer was longer than the caller can have in memory. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong'
}

interface Asking {
  readonly json?: JsonText
  readonly bytesMax?: number
  readonly answerTimeoutMs?: number
}

type JsonText = string

/** A Qdrant server that is read from. What fails for a moment is tried again; what it answers is not trusted. */
export class Source {
  readonly #options: SourceOptions
  readonly #base: string

  /** @throws request-invalid */
  constructor(options: SourceOptions) {
    this.#options = options
    this.#base = baseOf(options.url)
  }

  /** Scheme, host and path, as it is kept and shown. */
  get url(): string {
    return this.#base
  }

  /** The `result` of an answer. @throws source-invalid, download-refused, download-failed, cancelled */
  async result(path: string, asking: Asking = {}): Promise<JsonValue> {
    const bytes = await this.bytes(path, asking)
    return resultOf(bytes, path)
  }

  /** A whole answer. @throws AnswerTooLong, download-refused, download-failed, cancelled */
  bytes(path: string, { json, bytesMax = bytesMaxDefault, answerTimeoutMs }: Asking = {}): Promise<Buffer> {
    return this.#again(path, async () => {
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of await this.open(path, { json, answerTimeoutMs })) {
        length += chunk.byteLength
        if (length > bytesMax) throw new AnswerTooLong(`more than ${bytesMax} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    })
  }

  async delete(path: string): Promise<void> {
    await this.#again(path, async () => {
      for await (const _ of await this.open(path, { isDeletion: true }));
    })
  }

  /** One attempt; the bytes come as they are read. */
  open(
    path: string,
    request: {
      readonly json?: string | undefined
      readonly isDeletion?: boolean
      readonly answerTimeoutMs?: number | undefined
    } = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const { apiKey, signal, ask } = this.#options
    const { json, isDeletion, answerTimeoutMs } = request
    return ask(this.#base + path, {
      apiKey,
      signal,
      keepsRefusal: true,
      ...(json === undefined ? {} : { json }),
      ...(isDeletion === undefined ? {} : { isDeletion }),
      ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
    })
  }

  async #again<T>(path: string, attempt: () => Promise<T>): Promise<T> {
    for (let attempts = 0; ; attempts++) {
      this.#options.signal.throwIfAborted()
      try {
        return await attempt()
      } catch (error) {
        const pauseMs = pausesMs[attempts]
        if (pauseMs === undefined || !isPassing(error)) throw inWords(error, path)
        // Not all at the same moment.
        await this.#pause(pauseMs * (0.5 + this.#options.random() / 2))
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#options
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = clock.after(ms, end)
      signal.addEventListener('abort', end)
    })
  }
}

/** @throws request-invalid */
function baseOf(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch (error) {
    throw new DatabaseError('request-invalid', `Cannot copy from ${text}: it is no URL`, {}, error)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new DatabaseError('request-invalid', `Cannot copy from ${text}: it is no http or https URL`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new DatabaseError(
      'request-invalid',
      `Cannot copy from ${url.host}: its URL must hold a host and perhaps a path, nothing else; the key is given by itself`,
    )
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function isPassing(error: unknown): boolean {
  if (isDatabaseError(error, 'download-failed')) return true
  return (
    isDatabaseError(error, 'download-refused') && passingStatuses.has(Number(error.details['status'] ?? 0))
  )
}

/** The refusal of a server with what it said. */
function inWords(error: unknown, path: string): unknown {
  if (!(error instanceof DatabaseError)) return error
  const { status, url, body } = error.details
  if (error.code !== 'download-refused' || typeof status !== 'number') return error
  const said = sentenceOf(typeof body === 'string' ? body : '')
  const text = `Cannot copy: the source answered ${status} to ${path}${said === '' ? '' : `: ${said}`}`
  return new DatabaseError('download-refused', text, { url, status }, error)
}

function sentenceOf(body: string): string {
  try {
    const value = parseJson(body)
    const status = isObject(value) ? value['status'] : undefined
    if (isObject(status) && typeof status['error'] === 'string') return status['error'].slice(0, 500)
  } catch {
    // No JSON: its own words.
  }
  return body.slice(0, 200)
}

function resultOf(bytes: Buffer, path: string): JsonValue {
  const value = parseAnswer(bytes, path)
  if (!isObject(value) || !Object.hasOwn(value, 'result')) throw notUnderstood(path, 'it has no result')
  return value['result']!
}

/** @throws source-invalid if it is no JSON */
export function parseAnswer(bytes: Buffer, path: string): JsonValue {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw notUnderstood(path, `it is no JSON: ${error.message}`)
  }
}

export function notUnderstood(path: string, why: string): DatabaseError {
  return new DatabaseError(
    'source-invalid',
    `Cannot understand what the source answered to ${path}: ${why}`,
    {
      path,
    },
  )
}

/** `/collections/${name}`: what is put in is encoded. */
export function routeOf(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts
    .map((part, index) => part + (index < values.length ? encodeURIComponent(values[index]!) : ''))
    .join('')
}
