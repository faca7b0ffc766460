import { expect, test } from 'vitest'
import type { CollectionConfig } from '../../index.ts'
import { graphParamsOf } from './graph-params.ts'

const scalar = { scalar: { type: 'int8', quantile: 0.99 } }

function codesOf(ofCollection: object, ofVector: object): unknown {
  const settings = { hnsw_config: {}, ...ofCollection } as never
  const vectors = { a: { size: 4, distance: 'Dot', settings: ofVector as never } } as const
  return graphParamsOf({ settings, vectors } satisfies CollectionConfig, 'a')?.codes
}

test('a collection or a vector that is to be quantised has codes of a byte', () => {
  expect(codesOf({}, {})).toBeUndefined()
  expect(codesOf({ quantization_config: scalar }, {})).toBe('int8')
  expect(codesOf({}, { quantization_config: { product: { compression: 'x16' } } })).toBe('int8')
  expect(codesOf({ quantization_config: null }, { quantization_config: { binary: {} } })).toBe('int8')
})

test('what is on disk, or cold, stays there', () => {
  const onDiskOf = (ofVector: object, ofCollection: object = {}): unknown => {
    const settings = { hnsw_config: {}, ...ofCollection } as never
    const vectors = { a: { size: 4, distance: 'Dot', settings: ofVector as never } } as const
    return graphParamsOf({ settings, vectors } satisfies CollectionConfig, 'a')?.onDisk
  }
  expect(onDiskOf({})).toBeUndefined()
  expect(onDiskOf({ on_disk: true })).toBe(true)
  expect(onDiskOf({ on_disk: false })).toBe(false)
  expect(onDiskOf({ memory: 'cold' })).toBe(true)
  expect(onDiskOf({ memory: 'cached', on_disk: true })).toBe(false)
  expect(onDiskOf({ on_disk: true }, { hnsw_config: { m: 0 } })).toBe(true)
})
