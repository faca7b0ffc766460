import type { FastifyReply, FastifyRequest } from 'fastify'
import { RawJson, type JsonValue } from '../../index.ts'
import { WireError } from './wire-error.ts'

// A request that did not come over HTTP. The functions that answer REST requests are called as they are: the body is a
// value already, and the result is taken before it becomes text.

/** Stands in a request for the bytes of its body. */
export class DirectBody {
  readonly value: JsonValue

  constructor(value: JsonValue) {
    this.value = value
  }
}

/** Takes the place of a reply. */
export class DirectReply {
  statusCode = 200
  readonly headers = new Map<string, string>()
  #result: JsonValue | RawJson | undefined
  #isSent = false

  get sent(): boolean {
    return this.#isSent
  }

  code(status: number): this {
    this.statusCode = status
    return this
  }

  status(status: number): this {
    return this.code(status)
  }

  header(name: string, value: unknown): this {
    this.headers.set(name.toLowerCase(), String(value))
    return this
  }

  removeHeader(name: string): this {
    this.headers.delete(name.toLowerCase())
    return this
  }

  type(): this {
    return this
  }

  /** A result that is still a value, or JSON text. */
  take(result: JsonValue | RawJson): this {
    this.#isSent = true
    this.#result = result
    return this
  }

  /** What is sent as bytes or text is a refusal. */
  send(payload?: unknown): this {
    this.#isSent = true
    if (this.statusCode >= 400)
      this.#result = new RawJson(payload instanceof Uint8Array ? payload : String(payload))
    return this
  }

  /** @throws WireError for a refusal */
  result(): JsonValue | RawJson {
    if (this.statusCode >= 400) throw new WireError(this.statusCode, refusalText(this.#result))
    return this.#result ?? null
  }
}

/** A refusal is plain text, or stands in the envelope of answers. */
function refusalText(payload: JsonValue | RawJson | undefined): string {
  const text = payload instanceof RawJson ? payload.text : ''
  if (!text.startsWith('{')) return text
  const { status } = JSON.parse(text) as { readonly status?: { readonly error?: string } }
  return status?.error ?? text
}

/** The reply as one that was not sent over HTTP, if it is one. */
export function asDirect(reply: FastifyReply): DirectReply | undefined {
  return (reply as unknown) instanceof DirectReply ? (reply as unknown as DirectReply) : undefined
}

/** The body's value, if the request did not come over HTTP. */
export function directBody({ body }: FastifyRequest): DirectBody | undefined {
  return body instanceof DirectBody ? body : undefined
}
