import { parseJson, stringifyJson, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { exitCodes } from '../server/startup-error.ts'
import { CliError } from './cli-error.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type QueryValue = string | number | boolean | readonly string[] | undefined

export interface ApiRequest {
  readonly query?: Readonly<Record<string, QueryValue>>
  /** Members that are undefined are left out. */
  readonly body?: unknown
  /** Instead of a JSON body. */
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Statuses beside the good ones that are no refusal. */
  readonly accepts?: readonly number[]
}

/** `/snapshots/${name}`: what is put in is encoded. */
export function at(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts
    .map((part, index) => part + (index < values.length ? encodeURIComponent(values[index]!) : ''))
    .join('')
}

/** The API below /v1 of one server. */
export class ApiClient {
  readonly #base: string
  readonly #apiKey: string | undefined
  /** The server is this very process, and ends with the command. */
  readonly isOwn: boolean

  constructor(url: string, apiKey: string | undefined, isOwn = false) {
    this.isOwn = isOwn
    this.#base = `${url.replace(/\/+$/, '')}/v1`
    this.#apiKey = apiKey
  }

  /** The answer as exact JSON; null if it has no content. @throws CliError with the server's words */
  async call<T = JsonObject>(method: Method, path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.open(method, path, request)
    const text = await response.text()
    return (text === '' ? null : parseJson(text)) as T
  }

  /** The answer with its body unread. @throws CliError with the server's words */
  async open(method: Method, path: string, request: ApiRequest = {}): Promise<Response> {
    const response = await this.#fetch(method, `${path}${queryText(request.query ?? {})}`, request)
    if (!response.ok && request.accepts?.includes(response.status) !== true)
      throw refusal(response.status, await response.text())
    return response
  }

  async #fetch(
    method: Method,
    path: string,
    { body, bytes, headers, signal }: ApiRequest,
  ): Promise<Response> {
    try {
      return await fetch(this.#base + path, {
        method,
        headers: {
          ...(this.#apiKey === undefined ? {} : { 'api-key': this.#apiKey }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
        ...(body === undefined ? {} : { body: stringifyJson(body as JsonValue) }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      if (signal?.aborted === true) throw error
      throw this.#unreachable(error)
    }
  }

  #unreachable(error: unknown): CliError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const advice =
      code === 'ECONNREFUSED' ? ': no server listens there (stillpoint serve, or give --storage-path)' : ''
    return new CliError(`Cannot reach ${this.#base}: ${code}${advice}`)
  }
}

function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const values = value === undefined ? [] : Array.isArray(value) ? (value as readonly string[]) : [value]
    return values.map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`)
  })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function refusal(status: number, text: string): CliError {
  try {
    const { error } = parseJson(text) as unknown as {
      readonly error: { readonly code: string; readonly message: string }
    }
    return new CliError(`${error.message} [${error.code}]`, exitCodes.failure, true)
  } catch {
    // No server of ours, or a proxy before it: its own words say the most.
    return new CliError(`The server answered ${status}: ${text.slice(0, 300)}`, exitCodes.failure, true)
  }
}
