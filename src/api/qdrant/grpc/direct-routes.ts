import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseJson, RawJson, type JsonValue } from '../../../index.ts'
import { DirectBody, DirectReply } from '../direct-call.ts'
import type { RestRequest } from './rest-request.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

interface Registration {
  readonly method: string | readonly string[]
  readonly url: string
  readonly handler: Handler
}

interface Route {
  readonly method: string
  readonly url: string
  readonly handler: Handler
}

export interface DirectCall {
  readonly headers: Readonly<Record<string, string>>
  /** The name of the collection, where the route has one. */
  readonly params: Readonly<Record<string, string>>
  readonly guard: (request: FastifyRequest, route: { method: string; pattern: string }) => Promise<void>
  readonly translate: () => RestRequest | Promise<RestRequest>
}

/**
 * The routes of the REST API without HTTP. It speaks the part of fastify's interface that routes use to
 * register themselves, keeps what they register, and calls it.
 */
export class DirectRoutes {
  readonly #routes = new Map<string, Route>()

  /** `register` gets this as the app that it knows. */
  add(register: (app: FastifyInstance) => void): this {
    register(this.#app() as FastifyInstance)
    return this
  }

  #app(): object {
    const verb =
      (method: string) =>
      (url: string, ...rest: readonly unknown[]): void => {
        this.#keep({ method, url, handler: rest.at(-1) as Handler })
      }
    return {
      get: verb('GET'),
      put: verb('PUT'),
      post: verb('POST'),
      patch: verb('PATCH'),
      delete: verb('DELETE'),
      route: (registration: Registration) => this.#keep(registration),
    }
  }

  #keep({ method, url, handler }: Registration): void {
    for (const one of [method].flat()) this.#routes.set(`${one} ${url}`, { method: one, url, handler })
  }

  has(name: string): boolean {
    return this.#routes.has(name)
  }

  /**
   * The result that the route gives. `guard` is asked before the body is translated, as it is over HTTP.
   * @throws WireError, and what `guard`, `translate` and the engine throw
   */
  async call(name: string, { headers, params, guard, translate }: DirectCall): Promise<JsonValue> {
    const route = this.#routes.get(name)
    if (route === undefined) throw new Error(`unreachable: no route ${name}`)
    const { method, url } = route
    const request = {
      method,
      url,
      params,
      query: {},
      headers,
      body: undefined,
      routeOptions: { method, url },
    }
    await guard(request as unknown as FastifyRequest, { method, pattern: url })
    const { params: others = {}, query = {}, body = null } = await translate()
    Object.assign(request, { params: { ...params, ...others }, query, body: new DirectBody(body) })
    const reply = new DirectReply()
    await route.handler(request as unknown as FastifyRequest, reply as unknown as FastifyReply)
    const result = reply.result()
    return result instanceof RawJson ? parseJson(result.text) : result
  }
}
