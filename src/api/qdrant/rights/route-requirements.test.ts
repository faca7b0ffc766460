import { expect, test } from 'vitest'
import { routeRequirement } from './route-requirements.ts'

test('what a parameter is called means nothing', () => {
  expect(routeRequirement('GET', '/collections/:anything/points/:else').kind).toBe('points read')
})

test('a route that nobody has thought of asks for everything', () => {
  expect(routeRequirement('GET', '/collections/:collection/secrets').kind).toBe('global manage')
  expect(routeRequirement('PATCH', '/collections/:collection/points').kind).toBe('global manage')
})

test('a GET can ask for the right to write', () => {
  expect(routeRequirement('GET', '/collections/:c/shards/:s/snapshot').kind).toBe('collection write')
})
