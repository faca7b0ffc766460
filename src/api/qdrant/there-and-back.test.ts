import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestQdrantDoor, type TestQdrantDoor } from '../../../test/support/qdrant-door.ts'
import { RawJson, type Collection, type JsonObject, type PointInput, type VectorInput } from '../../index.ts'
import { configOfArchive } from './archive-config.ts'
import { archiveSettings } from './present/archive-settings.ts'
import { translateCreate } from './translate/collection.ts'

// A collection written as an archive of Qdrant, and that restored by what reads Qdrant's own.

let qdrant: TestQdrantDoor

beforeEach(async () => {
  qdrant = await openTestQdrantDoor({}, { workers: 0, background: false, qdrantConfig: configOfArchive })
})

afterEach(() => qdrant.close())

const body: JsonObject = {
  vectors: {
    cosine: { size: 5, distance: 'Cosine', on_disk: true },
    dot: { size: 3, distance: 'Dot', hnsw_config: { m: 24 } },
    half: { size: 4, distance: 'Euclid', datatype: 'float16' },
    bytes: { size: 4, distance: 'Manhattan', datatype: 'uint8' },
    many: { size: 2, distance: 'Cosine', multivector_config: { comparator: 'max_sim' } },
  },
  sparse_vectors: { words: { modifier: 'idf' }, plain: {} },
  quantization_config: { scalar: { type: 'int8', always_ram: true } },
  strict_mode_config: { enabled: true, max_query_limit: 500 },
  metadata: { owner: 'tests' },
}

/** Of every kind, some of them absent; the numbers follow from the place. */
function pointAt(place: number): PointInput {
  const numbers = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.sin(place * 7.1 + i * 1.3) * 3)
  const words = { indices: [place, place + 5, 4_294_967_295 - place], values: [0.1, -2, place + 1] }
  const all: Record<string, VectorInput> = {
    cosine: numbers(5),
    dot: numbers(3),
    half: numbers(4),
    bytes: numbers(4).map((value) => Math.abs(Math.round(value * 40))),
    many: [numbers(2), numbers(2).reverse()],
    words,
    plain: words,
  }
  const present = Object.entries(all).filter((_, i) => (place + i) % 5 !== 0)
  const id = `00000000-0000-4000-8000-${String(place).padStart(12, '0')}`
  const payload = `{"n":${place},"u":18446744073709551615,"i":-9223372036854775808,"d":0.1,"f":1.5,"t":"ä😀","l":[{}]}`
  return {
    id: place % 3 === 0 ? id : place % 3 === 1 ? place : 2n ** 64n - BigInt(place),
    vectors: Object.fromEntries(present),
    ...(place % 7 === 0 ? {} : { payload: new RawJson(payload) }),
  }
}

async function thereAndBack(reference: string): Promise<Collection> {
  const { database } = qdrant
  await using archive = await closing(reference)
  return database.restoreArchive(archive.stream(), { into: 'back' })
}

async function closing(reference: string) {
  const archive = await qdrant.database.exportForQdrant(reference, { settings: archiveSettings })
  return Object.assign(archive, { [Symbol.asyncDispose]: async () => archive.close() })
}

test.each([1, 3])('%s shards: every bit of every point, and the configuration', async (shards) => {
  const { database } = qdrant
  const config = translateCreate({ ...body, shard_number: shards }, {})
  const payloadIndexes = { n: { type: 'integer' }, t: { type: 'text', tokenizer: 'word' } } as const
  const there = await database.createCollection('there', { ...config, payloadIndexes })
  await there.upsert(Array.from({ length: 400 }, (_, place) => pointAt(place)))
  await there.createSnapshot({ name: 's' })
  await there.delete({ ids: [4, 7] })
  const back = await thereAndBack('there')
  expect(await back.contentHash()).toBe(await there.contentHash())
  expect(await back.count()).toBe(398)
  expect(archiveSettings(back.config())).toEqual(archiveSettings(there.config()))
  await database.dropCollection('back')
  expect(await (await thereAndBack('there@s')).count()).toBe(400)
})

test('a collection of a vector without a name, and an empty one', async () => {
  const { database } = qdrant
  const config = translateCreate({ vectors: { size: 2, distance: 'Dot' } }, {})
  const there = await database.createCollection('there', config)
  expect(await (await thereAndBack('there')).count()).toBe(0)
  await database.dropCollection('back')
  await there.upsert([{ id: 1, vectors: { '': [1, 2] } }, { id: 2 }])
  const back = await thereAndBack('there')
  expect(await back.contentHash()).toBe(await there.contentHash())
  expect(archiveSettings(back.config())).toEqual(archiveSettings(config))
})
