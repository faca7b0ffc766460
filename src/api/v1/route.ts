import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { CollectionConfig, Database, Job, JsonValue, QdrantSettings } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route changes nothing: a read-only key may use it. */
    readonly isReading?: boolean
    readonly takesBytes?: boolean
  }
}

/** Copies collections of running Qdrant servers. */
export interface QdrantMoves {
  /** The key is kept in memory only. @throws request-invalid, download-refused */
  start(
    request: {
      readonly url: string
      readonly collections?: Readonly<Record<string, string>>
      readonly replace?: boolean
      readonly aliases?: boolean
      readonly parallel?: number
      readonly compare?: boolean
      readonly snapshot?: boolean
    },
    apiKey: string | undefined,
  ): Job
  /** Copies that the next attempt goes on with. */
  unfinished(): readonly {
    readonly into: string
    readonly source: string
    readonly collection: string
    readonly copiedPoints: number
  }[]
  /** False if there is none. @throws collection-exists while a job is at it */
  discard(into: string): Promise<boolean>
}

export interface V1Options {
  readonly database: Database
  readonly clock: Clock
  /** Version of this package, for the document. */
  readonly version: string
  /** Of JSON bodies; uploads have no limit. */
  readonly maxRequestBytes: number
  /** What an archive in Qdrant's own form says of a collection: its door knows. */
  readonly qdrantSettings: (config: CollectionConfig) => QdrantSettings
  readonly moves: QdrantMoves
  /** Compares every answer with its schema; for tests. */
  readonly checksAnswers?: boolean
}

/** What the routes of one server share. */
export type V1Door = V1Options

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RouteInput<P, Q, B, H> {
  readonly params: P
  readonly query: Q
  readonly body: B
  /** Those that the route declares. */
  readonly headers: H
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal
}

export interface Answered {
  readonly status: number
  /** JSON as the route's schema has it; RawJson within it is sent as it is. Undefined: no content. */
  readonly value: unknown
}

export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** One way in: what it takes, what it gives, and what it does, in one place. The OpenAPI document is made from it. */
export interface Route {
  /** The document's operationId. */
  readonly id: string
  readonly method: Method
  /** Below `/v1`, with parameters in braces. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** True if it changes nothing: a read-only key may use it. */
  readonly isReading: boolean
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** In lower case; others are left alone. */
  readonly headers: z.ZodObject
  /** Undefined: the route takes none. */
  readonly body: z.ZodType | undefined
  /** Bytes of any length instead of JSON. */
  readonly takesBytes: boolean
  /** By status. Undefined schema: no content, or no JSON. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>
  /** Default `application/json`. */
  readonly answerType: string
  /** A body that the document shows, and that a test sends through the schema. */
  readonly example?: JsonValue
  run(
    door: V1Door,
    input: RouteInput<unknown, unknown, unknown, unknown>,
    exchange: Exchange,
  ): Promise<Answered | FastifyReply>
}

const none = z.strictObject({})

interface RouteDraft<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  H extends z.ZodObject,
> {
  readonly id: string
  readonly method: Method
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Default: true for GET. */
  readonly isReading?: boolean
  readonly params?: P
  readonly query?: Q
  readonly headers?: H
  readonly body?: B
  readonly takesBytes?: boolean
  readonly answers: Route['answers']
  readonly answerType?: string
  readonly example?: JsonValue
  readonly handle: (
    door: V1Door,
    input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>,
    exchange: Exchange,
  ) => Promise<Answered | FastifyReply>
}

export function defineRoute<
  P extends z.ZodObject = typeof none,
  Q extends z.ZodObject = typeof none,
  B extends z.ZodType = z.ZodUndefined,
  H extends z.ZodObject = typeof none,
>(draft: RouteDraft<P, Q, B, H>): Route {
  const { handle, params, query, body, headers, ...rest } = draft
  return {
    ...rest,
    isReading: draft.isReading ?? draft.method === 'GET',
    params: params ?? none,
    query: query ?? none,
    headers: headers ?? none,
    body,
    takesBytes: draft.takesBytes ?? false,
    answerType: draft.answerType ?? 'application/json',
    // The plugin has parsed the input by these very schemas.
    run: (door, input, exchange) =>
      handle(door, input as RouteInput<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>, exchange),
  }
}

export const ok = (value: unknown): Answered => ({ status: 200, value })
export const created = (value: unknown): Answered => ({ status: 201, value })
export const accepted = (value: unknown): Answered => ({ status: 202, value })
export const noContent: Answered = { status: 204, value: undefined }

/** One answer with JSON. */
export function answers(schema: z.ZodType, description: string, status = 200): Route['answers'] {
  return { [status]: { description, schema } }
}

export const answersNothing: Route['answers'] = { 204: { description: 'Done.' } }
