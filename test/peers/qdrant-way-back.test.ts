import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { configOfArchive } from '../../src/api/qdrant/archive-config.ts'
import { archiveSettings } from '../../src/api/qdrant/present/archive-settings.ts'
import { canonicalJson, parseJson, type JsonObject, type JsonValue } from '../../src/encoding/json.ts'
import { wordsOfId } from '../../src/ids/point-id.ts'
import { open, shardKeyOfPartition } from '../../src/index.ts'
import { openQdrantArchive } from '../../src/snapshot/qdrant/archive.ts'
import { entryInMemory } from '../../src/snapshot/qdrant/entry-bytes.ts'
import { HashRing } from '../../src/snapshot/qdrant/write/hash-ring.ts'

// Archives that a real Qdrant 1.19.0 wrote, beside the checkout: what of the way back can be told from them.

const folder = fileURLToPath(new URL('../../../shared/golden/archives/', import.meta.url))
const hasArchives = existsSync(folder)
if (!hasArchives) console.log(`no genuine archives of Qdrant at ${folder}: their tests are left out`)

const bytesOf = (name: string): Buffer =>
  gunzipSync(readFileSync(`${folder}qdrant-1.19.0-${name}.snapshot.gz`))

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

describe.runIf(hasArchives)('genuine archives', () => {
  test.each([
    ['ring', 6, 600],
    ['plain', 2, 490],
  ])('%s: ids are in the shards that ours are put in', async (name, shardCount, atLeast) => {
    const { collections } = await openQdrantArchive(entryInMemory(name, bytesOf(name)))
    const { shards } = collections[0]!
    expect(shards.length).toBe(shardCount)
    const ring = new HashRing(shardCount)
    let count = 0
    for (const { index, segments } of shards) {
      for (const segment of segments) {
        for await (const slots of segment.ids()) {
          for (const { id } of slots) expect(ring.shardOf(wordsOfId(id)), String(id)).toBe(index)
          count += slots.length
        }
      }
    }
    expect(count).toBeGreaterThanOrEqual(atLeast)
  })

  test.each([
    'plain',
    'rich',
    'indexed',
    'busy',
    'types',
    'quant',
    'names',
    'keys',
    'ring',
    'disk',
    'written-wal',
  ])('%s: restored, written as one of Qdrant and restored again, it is the same', async (name) => {
    const path = await mkdtemp(join(tmpdir(), 'stillpoint-way-back-'))
    const db = await open(path, { workers: 0, background: false, qdrantConfig: configOfArchive })
    try {
      const first = await db.restoreArchive(inOne(bytesOf(name)), { into: 'first' })
      const archive = await db.exportForQdrant('first', { settings: archiveSettings })
      const second = await db.restoreArchive(archive.stream(), { into: 'second' })
      archive.close()
      expect(await second.count()).toBe(await first.count())
      expect(await second.contentHash()).toBe(await first.contentHash())
      expect(archiveSettings(second.config())).toEqual(archiveSettings(first.config()))
    } finally {
      await db.close()
      await rm(path, { recursive: true, force: true })
    }
  })

  test('keys: points are under the shard keys where a Qdrant has them, one id under two of them', async () => {
    const path = await mkdtemp(join(tmpdir(), 'stillpoint-way-back-'))
    const db = await open(path, { workers: 0, background: false, qdrantConfig: configOfArchive })
    try {
      const collection = await db.restoreArchive(inOne(bytesOf('keys')), { into: 'other' })
      const page = await collection.scroll({ limit: 1_000, payload: true, vectors: true, partition: true })
      const found = page.points.map(({ id, partition, payload, vectors }) => ({
        id,
        key: shardKeyOfPartition(partition!),
        payload: canonicalJson(parseJson(payload!.text)),
        vector: [...(vectors![''] as Float32Array)],
      }))
      const { points } = parseJson(gunzipSync(readFileSync(`${folder}qdrant-1.19.0-keys.json.gz`))) as {
        points: readonly JsonObject[]
      }
      const expected = points.map((point) => ({
        id: point['id'],
        key: point['shard_key'],
        payload: canonicalJson(point['payload'] ?? {}),
        vector: (point['vector'] as JsonValue[]).map((value) => Math.fround(Number(value))),
      }))
      const byKeyAndId = (one: { key?: unknown; id?: unknown }): string =>
        `${String(one.key)} ${String(one.id)}`
      const sorted = <T extends object>(list: readonly T[]): T[] =>
        [...list].sort((a, b) => (byKeyAndId(a) < byKeyAndId(b) ? -1 : 1))
      expect(sorted(found)).toEqual(sorted(expected))
      expect(found.filter(({ id }) => id === 3)).toHaveLength(2)
    } finally {
      await db.close()
      await rm(path, { recursive: true, force: true })
    }
  })
})
