import { z } from 'zod'
import type { Route } from './route.ts'
import { errorSchema } from './schemas/errors.ts'

type Json = Record<string, unknown>

/** Schemas that have an id are written once, here, and referred to. */
class Components {
  readonly schemas: Record<string, Json> = {}

  /** @throws Error if two schemas have one id: a mistake in our schemas, which a test finds */
  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _version,
      $defs,
      ...own
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override,
    }) as Json
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>))
      this.#add(name, definition)
    return pointed(own)
  }

  #add(id: string, definition: Json): void {
    const { id: _id, ...schema } = pointed(definition)
    const known = this.schemas[id]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`Two schemas are called ${id}`)
    this.schemas[id] = schema
  }
}

/** What is given may gain members; only what is taken is refused for members that nobody knows. */
function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  const { def } = zodSchema._zod
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema['additionalProperties']
}

/** References as the document has them. */
function pointed(schema: Json): Json {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  )
  return JSON.parse(text) as Json
}

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Components()
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = (paths[`/v1${route.path}`] ??= {})
    path[route.method.toLowerCase()] = operationOf(route, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stillpoint',
      version,
      description:
        'Snapshots and what can be done with them. Times are milliseconds since the epoch; where one is taken, RFC 3339 text is taken too.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{}, { apiKey: [] }, { bearer: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'api-key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  }
}

function operationOf(route: Route, components: Components): Json {
  const body = bodyOf(route, components)
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    parameters: [
      ...parametersOf(route.params, 'path', components),
      ...parametersOf(route.query, 'query', components),
      ...parametersOf(route.headers, 'header', components),
    ],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, { description, schema }]) => [
          status,
          { description, ...contentOf(route, Number(status), schema, components) },
        ]),
      ),
      default: {
        description: 'Why it was not done; then nothing has changed unless the code says otherwise.',
        content: { 'application/json': { schema: components.of(errorSchema, 'output') } },
      },
    },
  }
}

function contentOf(
  route: Route,
  status: number,
  schema: z.ZodType | undefined,
  components: Components,
): Json {
  if (status === 204) return {}
  const content =
    schema === undefined ? { type: 'string', format: 'binary' } : components.of(schema, 'output')
  return { content: { [route.answerType]: { schema: content } } }
}

function bodyOf(route: Route, components: Components): Json | undefined {
  if (route.takesBytes) {
    return {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    }
  }
  if (route.body === undefined) return undefined
  const example = route.example === undefined ? {} : { example: route.example }
  return {
    required: !route.body.safeParse({}).success,
    content: { 'application/json': { schema: components.of(route.body, 'input'), ...example } },
  }
}

function parametersOf(
  object: z.ZodObject,
  place: 'path' | 'query' | 'header',
  components: Components,
): Json[] {
  return Object.entries(object.shape as Record<string, z.ZodType>).map(([name, schema]) => {
    const { description, ...rest } = components.of(schema, 'input')
    return {
      name,
      in: place,
      required: place === 'path' || !schema.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}
