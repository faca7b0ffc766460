import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openQuietly } from '../../../../test/support/crash-suite.ts'
import { FakeSource, HastyClock, type SourceRequest } from '../../../../test/support/fake-source.ts'
import { openTestQdrant, type TestQdrant } from '../../../../test/support/qdrant-door.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { open, type Database, type Job } from '../../../index.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { MoveIn } from './move-in.ts'
import type { MoveResult } from './move-run.ts'

let source: TestQdrant
let fake: FakeSource
let database: Database
let moves: MoveIn

beforeEach(async () => {
  source = await openTestQdrant()
  fake = new FakeSource(source.app)
  database = await openQuietly(open, new SimulatedDisk(), 1)
  const random = seededRandom(3)
  moves = new MoveIn({ database, ask: fake.ask, clock: new HastyClock(), random, isAllowed: true })
  for (const name of ['mosses', 'plants']) {
    const made = await source.database.createCollection(name, {
      vectors: { '': { size: 2, distance: 'Dot' } },
      payloadIndexes: { n: { type: 'integer' } },
      settings: { metadata: { of: name } },
    })
    await made.upsert(
      Array.from({ length: 300 }, (_, n) => ({ id: n, vectors: { '': [n, 1] }, payload: { n } })),
    )
  }
})

afterEach(async () => {
  await database.close()
  await source.close()
})

function start(): Job<MoveResult> {
  const job = moves.start({ url: 'http://source:6333', snapshot: true }, undefined)
  job.result.catch(() => undefined)
  return job
}

const isDownload = ({ method, path }: SourceRequest): boolean =>
  method === 'GET' && path.includes('/snapshots/')
const snapshotsLeft = (): number => source.database.listAllSnapshots().length

function expectNothing(): void {
  expect(database.listCollections()).toEqual([])
  expect(database.listDrafts()).toEqual([])
  expect(database.documents.list('move-in/')).toEqual([])
  expect(snapshotsLeft()).toBe(0)
}

describe('a copy by snapshots', () => {
  test('is one moment of each collection, and leaves none of them at the source', async () => {
    const plants = source.database.getCollection('plants')
    const before = await plants.contentHash()
    fake.misbehaviour = {
      before: async (request) => {
        if (isDownload(request) && request.path.includes('/plants/'))
          await plants.upsert([{ id: 7, vectors: { '': [9, 9] } }])
        return undefined
      },
    }
    const { collections } = await start().result
    expect(collections).toMatchObject([
      { name: 'mosses', pointCount: 300, isIdentical: null, contentHash: null },
      { name: 'plants', pointCount: 300, isIdentical: null, contentHash: null },
    ])
    const copied = database.getCollection('plants')
    expect(await copied.contentHash()).toBe(before)
    expect(copied.config().payloadIndexes).toEqual(plants.config().payloadIndexes)
    expect(copied.config().settings).toMatchObject({ metadata: { of: 'plants' } })
    expect(fake.scrolls).toEqual([])
    expect(snapshotsLeft()).toBe(0)
    expect(database.listDrafts()).toEqual([])
  })

  test('goes on where a connection broke', async () => {
    let downloads = 0
    fake.misbehaviour = {
      cutAfter: (request) => (isDownload(request) && (downloads += 1) < 4 ? 4_321 * downloads : undefined),
    }
    await start().result
    expect(downloads).toBeGreaterThan(4)
    const there = await source.database.getCollection('mosses').contentHash()
    expect(await database.getCollection('mosses').contentHash()).toBe(there)
  })

  test('whose bytes are not those that were promised leaves nothing, here and there', async () => {
    let flips = 0
    fake.misbehaviour = {
      before: async (request) => {
        if (!isDownload(request)) return undefined
        const { rawPayload } = await source.app.inject({ method: 'GET', url: request.path })
        flips += 1
        return `${rawPayload.toString('latin1')}x`
      },
    }
    const job = start()
    await expect(job.result).rejects.toMatchObject({ kind: 'invalid' })
    expect(flips).toBe(1)
    expectNothing()
  })

  test('that is cancelled leaves nothing, here and there', async () => {
    const job = start()
    fake.misbehaviour = {
      before: (request) => {
        if (isDownload(request)) database.jobs.cancel(job.id)
        return undefined
      },
    }
    expect(await database.jobs.wait(job.id)).toMatchObject({ state: 'cancelled' })
    expectNothing()
  })

  test('deletes what an attempt left that a crash ended', async () => {
    const plants = source.database.getCollection('plants')
    let isDown = true
    fake.misbehaviour = {
      before: ({ method }) => {
        if (method === 'DELETE' && isDown) throw new Error('the process ends here')
        return undefined
      },
      cutAfter: (request) => (isDownload(request) && isDown ? 100 : undefined),
    }
    await expect(start().result).rejects.toMatchObject({ code: 'download-failed' })
    expect(snapshotsLeft()).toBe(1)
    isDown = false
    await start().result
    expect(snapshotsLeft()).toBe(0)
    expect(await database.getCollection('plants').contentHash()).toBe(await plants.contentHash())
  })
})
