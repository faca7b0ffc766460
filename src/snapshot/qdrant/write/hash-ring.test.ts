import { expect, test } from 'vitest'
import { wordsOfId, type PointId } from '../../../ids/point-id.ts'
import { HashRing } from './hash-ring.ts'

// Where a Qdrant 1.19 with six shards keeps these ids.
const places: readonly (readonly PointId[])[] = [
  [
    19,
    29,
    2873500565186844471n,
    'eebd9991-05db-57a4-8495-3f6ae8d98d72',
    '6c0fd4f5-f813-0c42-3773-0edfafbd67f9',
  ],
  [
    50,
    64,
    1094725973103781126n,
    '92caa6c5-4fba-c550-134d-341a3a6338ee',
    'ec148cb4-8e73-ca47-ea90-a8f0d66b829e',
  ],
  [
    22,
    39,
    650278909842875214n,
    'cbe18ccf-c00d-c301-112f-e0d67bab3c75',
    '3aaeb5ed-264c-679b-f76d-838134c590e7',
  ],
  [
    23,
    31,
    1904903229514242593n,
    '20572aeb-7029-3815-5351-d2c1e8fb46b5',
    '9127bd47-1e7c-e857-7706-c34ac78bce5b',
  ],
  [
    44,
    147,
    16249246753345624000n,
    '07bf29b5-0eb9-f2ef-aad3-fcf4c943be93',
    'b96cc27a-c2d5-32fa-ac85-9f8ff706a832',
  ],
  [
    0,
    7,
    17954346150146269393n,
    '86143e14-72d8-37af-d08e-f562a70f268f',
    'de0f39a7-3c35-612e-4a8d-15d81d296588',
  ],
]

test('ids are where Qdrant looks for them', () => {
  const ring = new HashRing(6)
  expect(places.map((ids) => ids.map((id) => ring.shardOf(wordsOfId(id))))).toEqual(
    places.map((ids, shard) => ids.map(() => shard)),
  )
})

test('one shard has all of them', () => {
  const ring = new HashRing(1)
  expect(places.flat().every((id) => ring.shardOf(wordsOfId(id)) === 0)).toBe(true)
})
