import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cut, FakeSource, HastyClock } from '../../../../test/support/fake-source.ts'
import { openTestQdrant, type TestQdrant } from '../../../../test/support/qdrant-door.ts'
import { open, type Collection, type Database } from '../../../index.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { configOfArchive } from '../archive-config.ts'
import { MoveIn, type MoveRequest } from './move-in.ts'
import type { MoveResult } from './move-run.ts'

// Collections with custom sharding, whose points are copied key by key.

const keys = ['eu', 7, '7', 'a/b', '', 18446744073709551615n] as const
let source: TestQdrant
let fake: FakeSource
let folder: string
let database: Database
let moves: MoveIn

async function openTarget(): Promise<void> {
  database = await open(folder, { workers: 0, background: false, qdrantConfig: configOfArchive })
  const clock = new HastyClock()
  moves = new MoveIn({ database, ask: fake.ask, clock, random: seededRandom(7), isAllowed: true })
}

beforeEach(async () => {
  source = await openTestQdrant({ settings: { cluster: { enabled: true } }, archivesMode: 'files' })
  fake = new FakeSource(source.app)
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-move-keys-'))
  await openTarget()
  await send('/collections/c', {
    vectors: { size: 2, distance: 'Dot' },
    sharding_method: 'custom',
    shard_number: 2,
    strict_mode_config: { enabled: true, max_query_limit: 20 },
  })
  for (const key of [...keys, 'gone']) await send('/collections/c/shards', { shard_key: key })
  for (const [index, key] of keys.entries()) {
    // Most ids lie under several keys, with other values.
    const points = Array.from({ length: 50 }, (_, n) => ({
      id: index * 5 + n,
      vector: [index, n],
      payload: { index },
    }))
    await send('/collections/c/points', { points, shard_key: key })
  }
  await source.app.inject({
    method: 'POST',
    url: '/collections/c/shards/delete',
    payload: { shard_key: 'gone' },
  })
})

afterEach(async () => {
  await database.close()
  await source.close()
  await rm(folder, { recursive: true, force: true })
})

async function send(url: string, body: object): Promise<void> {
  const payload = JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
  const exact = payload.replace('"18446744073709551615n"', '18446744073709551615')
  const answer = await source.app.inject({ method: 'PUT', url, payload: exact })
  if (answer.statusCode !== 200) throw new Error(answer.body)
}

const copy = (request: Partial<MoveRequest> = {}): Promise<MoveResult> =>
  moves.start({ url: 'http://source:6333', ...request }, undefined).result

const there = (): Collection => source.database.getCollection('c')

async function expectSame(): Promise<void> {
  const here = database.getCollection('c')
  // The hash tells the keys apart.
  expect(await here.contentHash()).toBe(await there().contentHash())
  expect(here.config().partitions).toEqual([
    '_default',
    'eu',
    '#7',
    '7',
    '#t:a%2Fb',
    '#t:',
    '#18446744073709551615',
  ])
  expect(here.config().settings?.['params']).toMatchObject({ sharding_method: 'custom' })
}

describe('a copy of a collection with shard keys', () => {
  test('has the points of each key, and is found to be the same', async () => {
    const { collections } = await copy()
    expect(collections).toMatchObject([
      { pointCount: 300, sourcePointCount: 300, isIdentical: true, changedPoints: 0 },
    ])
    await expectSame()
    expect(fake.scrolls.every(({ body }) => body.includes('"shard_key":'))).toBe(true)
  })

  test('goes on where it was cut off, also after a restart', async () => {
    let scrolls = 0
    fake.misbehaviour = {
      before: ({ path }) => {
        if (path.endsWith('/scroll') && ++scrolls > 8) throw cut()
        return undefined
      },
    }
    await expect(copy()).rejects.toMatchObject({ code: 'download-failed' })
    await database.close()
    fake.misbehaviour = {}
    await openTarget()
    const before = moves.unfinished()[0]!.copiedPoints
    expect(before).toBeGreaterThan(0)
    const { collections } = await copy({ compare: false })
    expect(collections).toMatchObject([{ pointCount: 300, sourcePointCount: 300 }])
    await expectSame()
  })

  test('follows what is written to one key meanwhile', async () => {
    let isWritten = false
    fake.misbehaviour = {
      before: async ({ path, body }) => {
        if (isWritten || !path.endsWith('/scroll') || !body.includes('a/b')) return undefined
        isWritten = true
        await there().delete({ ids: [7] }, { partition: '#7' })
        await there().upsert([{ id: 8, vectors: { '': [9, 9] } }], { partition: ['eu', '#7'] })
        return undefined
      },
    }
    const { collections } = await copy({ parallel: 1 })
    expect(collections).toMatchObject([{ pointCount: 299, isIdentical: true, changedPoints: 3 }])
    await expectSame()
  })

  test('may be of a snapshot that the source makes', async () => {
    const { collections } = await copy({ snapshot: true })
    expect(collections).toMatchObject([{ pointCount: 300, sourcePointCount: 300 }])
    await expectSame()
  })

  test('has no points where there is no key yet', async () => {
    await send('/collections/empty', { vectors: { size: 2, distance: 'Dot' }, sharding_method: 'custom' })
    await copy({ collections: { empty: 'empty' } })
    expect(database.getCollection('empty').info()).toMatchObject({
      pointCount: 0,
      partitions: { _default: 0 },
    })
  })
})
