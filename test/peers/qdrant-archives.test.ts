import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  canonicalJson,
  parseJson,
  stringifyJson,
  type JsonObject,
  type JsonValue,
} from '../../src/encoding/json.ts'
import { openQdrantArchive } from '../../src/snapshot/qdrant/archive.ts'
import { entryInMemory } from '../../src/snapshot/qdrant/entry-bytes.ts'
import type { QdrantArchive, QdrantPoint, QdrantShard, QdrantSlot } from '../../src/snapshot/qdrant/types.ts'

// Archives that a real Qdrant 1.19.0 wrote, beside the checkout, with what its API said of them at that moment.

const folder = fileURLToPath(new URL('../../../shared/golden/archives/', import.meta.url))
const hasArchives = existsSync(folder)
if (!hasArchives) console.log(`no genuine archives of Qdrant at ${folder}: their tests are left out`)

const bytesOf = (file: string): Buffer => gunzipSync(readFileSync(`${folder}qdrant-1.19.0-${file}.gz`))
const archiveOf = (name: string): Promise<QdrantArchive> =>
  openQdrantArchive(entryInMemory(`${name}.snapshot`, bytesOf(`${name}.snapshot`)))

interface Point {
  readonly payload: string
  readonly vectors: Readonly<Record<string, unknown>>
}

/** By shard key and id. */
type Points = ReadonlyMap<string, Point>

/** What stands after the segments of a shard are merged: of an id the highest version. */
async function mergedPoints(shards: readonly QdrantShard[]): Promise<Points> {
  const points = new Map<string, Point>()
  for (const shard of shards) {
    const newest = new Map<string, { readonly slot: QdrantSlot; readonly segment: number }>()
    for (const [index, segment] of shard.segments.entries()) {
      let count = 0
      for await (const batch of segment.ids()) {
        for (const slot of batch) {
          count += 1
          const id = String(slot.id)
          const held = newest.get(id)
          if (held === undefined || held.slot.version < slot.version) newest.set(id, { slot, segment: index })
        }
      }
      expect(count).toBe(segment.pointCount)
    }
    for (const [index, segment] of shard.segments.entries()) {
      const mine = [...newest].filter(([, each]) => each.segment === index)
      const ids = new Map(mine.map(([id, each]) => [each.slot.slot, id]))
      const slots = [...ids.keys()].sort((a, b) => a - b)
      for await (const batch of segment.points(slots)) {
        for (const point of batch) points.set(`${shard.key ?? ''}/${ids.get(point.slot)!}`, plain(point))
      }
    }
  }
  return points
}

function plain(point: QdrantPoint): Point {
  const payload = point.payload.byteLength === 0 ? {} : parseJson(point.payload)
  const vectors = Object.entries(point.vectors).map(([name, vector]) => {
    if ('indices' in vector) return [name, sparse(vector.indices, vector.values)]
    if (!('dimensions' in vector)) return [name, [...vector]]
    const count = vector.values.length / vector.dimensions
    const row = (i: number): number[] => [
      ...vector.values.subarray(i * vector.dimensions, (i + 1) * vector.dimensions),
    ]
    return [name, Array.from({ length: count }, (_, i) => row(i))]
  })
  return { payload: canonicalJson(payload), vectors: Object.fromEntries(vectors) as Point['vectors'] }
}

/** What the API says, in the same form: floats as the nearest float32. */
function expectedPoints(name: string): Points {
  const { points } = parseJson(bytesOf(`${name}.json`)) as { points: readonly JsonObject[] }
  return new Map(
    points.map((point) => {
      const given = point['vector'] ?? {}
      const named = Array.isArray(given) ? { '': given as JsonValue } : (given as JsonObject)
      const vectors = Object.entries(named).map(([vector, value]) => [vector, floats(value)])
      const key = `${text(point['shard_key'] ?? '')}/${text(point['id']!)}`
      return [
        key,
        {
          payload: canonicalJson(point['payload'] ?? {}),
          vectors: Object.fromEntries(vectors) as Point['vectors'],
        },
      ]
    }),
  )
}

function text(value: JsonValue): string {
  return typeof value === 'string' ? value : stringifyJson(value)
}

function floats(value: JsonValue): unknown {
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[]
    return items.map((item) => (Array.isArray(item) ? floats(item) : Math.fround(Number(item))))
  }
  const { indices, values } = value as unknown as { indices: number[]; values: number[] }
  return sparse(
    indices,
    values.map((each) => Math.fround(Number(each))),
  )
}

function sparse(indices: ArrayLike<number>, values: ArrayLike<number>): unknown {
  return Array.from(indices, (index, i) => [index, values[i]]).sort((a, b) => a[0]! - b[0]!)
}

function expectSame(found: Points, expected: Points): void {
  expect(new Set(found.keys())).toEqual(new Set(expected.keys()))
  for (const [key, point] of expected) expect({ key, ...found.get(key) }).toEqual({ key, ...point })
}

describe.runIf(hasArchives)('genuine archives of Qdrant 1.19.0', { timeout: 60_000 }, () => {
  test.each([
    'plain',
    'rich',
    'indexed',
    'types',
    'quant',
    'names',
    'keys',
    'ring',
    'disk',
    'written-segment',
  ])('%s: every id, vector and payload is what its API said', async (name) => {
    const archive = await archiveOf(name)
    expect(archive).toMatchObject({ kind: 'collection', aliases: {} })
    expect(archive.collections).toHaveLength(1)
    const { config, payloadIndexes, shards } = archive.collections[0]!
    const { info } = parseJson(bytesOf(`${name}.json`)) as { info: JsonObject }
    const stated = info['config'] as { params: JsonObject }
    expect((config!['params'] as JsonObject)['vectors']).toEqual(stated.params['vectors'])
    expect(Object.keys(payloadIndexes).sort()).toEqual(Object.keys(info['payload_schema'] ?? {}).sort())
    expectSame(await mergedPoints(shards), expectedPoints(name))
  })

  test('full: the collections of a storage, with their aliases', async () => {
    const archive = await archiveOf('full')
    expect(archive.kind).toBe('full')
    expect(archive.aliases).toEqual({ current: 'plain', staging: 'rich' })
    expect(archive.collections.map(({ name }) => name).sort()).toEqual(['indexed', 'plain', 'rich'])
    for (const { name, shards } of archive.collections) {
      expectSame(await mergedPoints(shards), expectedPoints(name!))
    }
  })

  test('plain-shard-0: a streamed shard is the shard of the collection', async () => {
    const shard = await archiveOf('plain-shard-0')
    expect(shard.kind).toBe('shard')
    const plainShards = (await archiveOf('plain')).collections[0]!.shards
    expectSame(
      await mergedPoints(shard.collections[0]!.shards),
      await mergedPoints(plainShards.filter(({ index }) => index === 0)),
    )
  })

  test('turbo4 vectors are refused by name, with what to do', async () => {
    await expect(archiveOf('turbo4')).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringMatching(/vector "tm?" has the datatype turbo4.*copy the collection/) as string,
    })
  })

  test.each(['walops', 'written-wal'])('%s: no segments, and the log is there', async (name) => {
    const { shards } = (await archiveOf(name)).collections[0]!
    expect(shards).toMatchObject([{ index: 0, segments: [] }])
    expect([...shards[0]!.wal.keys()]).toContain('open-1')
  })

  test('busy: ids that stand in several segments have different versions in each', async () => {
    const [shard] = (await archiveOf('busy')).collections[0]!.shards
    const versions = new Map<string, number[]>()
    for (const segment of shard!.segments) {
      for await (const batch of segment.ids()) {
        for (const { id, version } of batch)
          versions.set(String(id), [...(versions.get(String(id)) ?? []), version])
      }
    }
    const several = [...versions.values()].filter((each) => each.length > 1)
    expect(several).toHaveLength(54)
    expect(several.every((each) => new Set(each).size === each.length)).toBe(true)
  })
})
