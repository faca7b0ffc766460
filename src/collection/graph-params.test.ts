import { expect, test } from 'vitest'
import { noGraphSettings, wantedGraphs } from './graph-params.ts'
import type { CollectionConfig } from './types.ts'

const config: CollectionConfig = {
  vectors: {
    a: { size: 4, distance: 'Dot', graph: { m: 8 } },
    s: { kind: 'sparse', size: 0, distance: 'Dot' },
  },
}

test('what front doors say goes before what a vector says, and is brought within what a graph can have', () => {
  const paramsOf = (...said: Parameters<typeof wantedGraphs>) =>
    wantedGraphs(...said).map(({ params }) => params)
  expect(paramsOf(config, noGraphSettings)).toMatchObject([{ m: 8, efConstruct: 100 }])
  expect(paramsOf(config, () => ({ m: 2_048, efConstruct: 2_147_483_647 }))).toMatchObject([
    { m: 512, efConstruct: 4_096 },
  ])
  expect(paramsOf(config, () => ({ m: 1, efConstruct: 0 }))).toMatchObject([{ m: 2, efConstruct: 1 }])
  expect(paramsOf(config, () => ({ m: 0 }))).toEqual([])
})
