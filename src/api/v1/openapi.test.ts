import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot } from '../../../test/support/source-files.ts'
import { openApiDocument } from './openapi.ts'
import { listedRoutes } from './route-list.ts'
import { routes } from './routes/all-routes.ts'

// Looked into as it is.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const document = openApiDocument(routes, '1.2.3') as any

test('the list of routes that a start has is that of all that are defined', () => {
  const known = routes.map(({ id, method, path, isReading, takesBytes }) => ({
    id,
    method,
    path,
    isReading,
    takesBytes,
  }))
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)
  expect(listedRoutes.toSorted(byId)).toEqual(known.toSorted(byId))
})

describe('the OpenAPI document', () => {
  test('has every route, under an id of its own', () => {
    for (const { path, method, id } of routes) {
      expect(document.paths[`/v1${path}`]?.[method.toLowerCase()]?.operationId).toBe(id)
    }
    expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length)
    expect(document.info.version).toBe('1.2.3')
  })

  test('declares the parameters of every path', () => {
    for (const { path, method } of routes) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = document.paths[`/v1${path}`][method.toLowerCase()].parameters
        .filter((parameter: { in: string }) => parameter.in === 'path')
        .map((parameter: { name: string }) => parameter.name)
      expect(declared.sort(), path).toEqual(named.sort())
    }
  })

  test('refers to schemas that it has, and uses all that it has', () => {
    const text = JSON.stringify(document)
    const used = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort())
    expect(text).not.toContain('#/$defs')
    expect(document.components.schemas.Filter.properties.must.items).toEqual({
      $ref: '#/components/schemas/Condition',
    })
  })

  test.each(routes.filter(({ body }) => body !== undefined).map((route) => [route.id, route] as const))(
    'the example of %s fits its schema',
    (_, { example, body }) => {
      expect(example).toBeDefined()
      expect(body!.safeParse(example)).toMatchObject({ success: true })
    },
  )

  test('and docs/api.md name the same routes', async () => {
    const text = await readFile(join(repositoryRoot, 'docs', 'api.md'), 'utf8')
    const named = [...text.matchAll(/^\| `([A-Z]+ \/v1\/\S+)` \|/gm)].map(([, route]) => route)
    expect(named.sort()).toEqual(routes.map(({ method, path }) => `${method} /v1${path}`).sort())
  })
})
