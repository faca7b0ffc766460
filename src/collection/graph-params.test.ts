import { expect, test } from 'vitest'
import { VectorColumn } from '../graph/vector-column.ts'
import { lastingElements, noGraphSettings, wantedGraphs } from './graph-params.ts'
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

test('codes stay where they are asked for, and from 256 dimensions on where they are fine and nobody says otherwise', () => {
  const of = (dimensions: number, codes?: 'auto' | 'none' | 'int8' | 'bfloat16', isFine = true) =>
    lastingElements({ ...(codes && { codes }) }, new VectorColumn(dimensions, 1), () => isFine)
  expect([of(255), of(256), of(256, 'auto'), of(1_536)]).toEqual(['float32', 'int8', 'int8', 'int8'])
  expect([of(1_536, 'none'), of(1_536, 'auto', false)]).toEqual(['float32', 'float32'])
  expect([of(64, 'int8'), of(64, 'bfloat16'), of(63, 'int8')]).toEqual(['int8', 'bfloat16', 'float32'])
  // Who asks for them has them, however coarse.
  expect(of(64, 'int8', false)).toBe('int8')
})
