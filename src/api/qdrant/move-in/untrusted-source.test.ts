import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openQuietly } from '../../../../test/support/crash-suite.ts'
import { cut, FakeSource, HastyClock, type SourceRequest } from '../../../../test/support/fake-source.ts'
import { openTestQdrant, type TestQdrant } from '../../../../test/support/qdrant-door.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { open, type Database } from '../../../index.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { MoveIn } from './move-in.ts'
import type { MoveResult } from './move-run.ts'

// What a source can do that no honest one at rest does: change while it is read, lie, and answer rubbish.

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
  const plants = await source.database.createCollection('plants', {
    vectors: { '': { size: 2, distance: 'Dot' } },
    settings: { strict_mode_config: { enabled: true, max_query_limit: 20 } },
  })
  await plants.upsert(
    Array.from({ length: 200 }, (_, n) => ({ id: n, vectors: { '': [n, 1] }, payload: { n } })),
  )
})

afterEach(async () => {
  await database.close()
  await source.close()
})

const copy = (): Promise<MoveResult> =>
  moves.start({ url: 'http://source:6333', parallel: 1 }, undefined).result
const isScroll = ({ path }: SourceRequest): boolean => path.endsWith('/scroll')

/** Does something at the source before the page of this number is read. */
function beforePage(act: (page: number) => Promise<unknown> | undefined): void {
  let page = 0
  fake.misbehaviour = {
    before: async (request) => {
      if (isScroll(request)) await act((page += 1))
      return undefined
    },
  }
}

/** Answers these texts instead of pages. */
function answer(textOf: (request: SourceRequest) => string): void {
  fake.misbehaviour = { before: (request) => (isScroll(request) ? textOf(request) : undefined) }
}

async function expectRefused(message: string): Promise<void> {
  await expect(copy()).rejects.toMatchObject({
    code: 'source-invalid',
    message: expect.stringContaining(message) as string,
  })
  expect(database.listCollections()).toEqual([])
  expect(database.listDrafts()).toEqual([])
}

describe('a source that is written to', () => {
  test('is caught up with: what was changed, added and deleted behind the copy is seen', async () => {
    const plants = source.database.getCollection('plants')
    beforePage(async (page) => {
      // The ten pages of the copy are read; now what is behind them changes.
      if (page !== 9) return
      await plants.upsert([{ id: 3, vectors: { '': [-1, -1] }, payload: { n: 'changed' } }])
      await plants.upsert([{ id: 2n ** 60n, vectors: { '': [5, 5] } }])
      await plants.delete({ ids: [10, 11] })
    })
    const [report] = (await copy()).collections
    expect(report).toMatchObject({ isIdentical: true, pointCount: 199, sourcePointCount: 199 })
    expect(report!.changedPoints).toBeGreaterThanOrEqual(3)
    expect(await database.getCollection('plants').contentHash()).toBe(await plants.contentHash())
  })

  test('and does not come to rest is copied, and said to be different', async () => {
    const plants = source.database.getCollection('plants')
    beforePage((page) => plants.upsert([{ id: 5, vectors: { '': [page, page] } }]))
    const [report] = (await copy()).collections
    expect(report).toMatchObject({ isIdentical: false, pointCount: 200 })
    expect(database.getCollection('plants').info().pointCount).toBe(200)
  })

  test('between the two hashes of a source at rest there is no difference', async () => {
    const [one] = (await copy()).collections
    await database.dropCollection('plants')
    const [other] = (await copy()).collections
    expect(other!.contentHash).toBe(one!.contentHash)
    await source.database.getCollection('plants').setPayload({ ids: [7] }, { n: 8 })
    await database.dropCollection('plants')
    expect((await copy()).collections[0]!.contentHash).not.toBe(one!.contentHash)
  })
})

describe('a source that lies', () => {
  test('about its count is found out', async () => {
    fake.misbehaviour = {
      before: ({ path }) => (path.endsWith('/count') ? '{"result":{"count":250}}' : undefined),
    }
    const [report] = (await copy()).collections
    expect(report).toMatchObject({ pointCount: 200, sourcePointCount: 250, isIdentical: false })
  })

  test('about a sample gets one stretch', async () => {
    fake.misbehaviour = {
      before: ({ path }) => {
        if (path.endsWith('/count')) return '{"result":{"count":1000000}}'
        return path.endsWith('/query') ? '{"result":{"points":[{"id":5},{"id":5},{"id":9}]}}' : undefined
      },
    }
    expect((await copy()).collections[0]).toMatchObject({ pointCount: 200 })
  })

  test('about where the next page is does not keep us for ever', async () => {
    answer(() => '{"result":{"points":[{"id":1,"vector":[1,2]}],"next_page_offset":1}}')
    await expectRefused('id 1 does not come after')
  })

  test('with empty pages that are not the last, neither', async () => {
    answer(() => '{"result":{"points":[],"next_page_offset":9}}')
    await expectRefused('a page has no points and is not the last')
  })

  test('with points twice or out of order is refused', async () => {
    answer(() => '{"result":{"points":[{"id":4,"vector":[1,2]},{"id":4,"vector":[1,2]}]}}')
    await expectRefused('id 4 does not come after')
  })
})

describe('rubbish', () => {
  test.each([
    ['{"result":{"points":[{"id":1,"vector":[1,2', 'it is no JSON'],
    ['<html>', 'it is no JSON'],
    ['{"result":[]}', 'no list of points'],
    ['{"result":{"points":[{"id":-1,"vector":[1,2]}]}}', 'not a valid point ID'],
    ['{"result":{"points":[{"id":1}]}}', 'missing field `vector`'],
    ['{"result":{"points":[{"id":1,"vector":[1,2,3]}]}}', 'expected dim: 2, got 3'],
    ['{"result":{"points":[{"id":1,"vector":{"other":[1,2]}}]}}', 'Not existing vector name error: other'],
    ['{"result":{"points":[{"id":8,"vector":[1,null]}]}}', 'Cannot copy point 8: a vector has a component'],
    ['{"result":{"points":[],"next_page_offset":{}}}', 'not a valid point ID'],
  ])('in a page, such as %s, is refused by what is wrong', async (text, message) => {
    answer(() => text)
    await expectRefused(message)
  })

  test('instead of a description is refused', async () => {
    fake.misbehaviour = {
      before: ({ path }) => (path === '/collections/plants' ? '{"result":7}' : undefined),
    }
    await expectRefused('it has no config')
    fake.misbehaviour = {
      before: ({ path }) => (path === '/collections' ? '{"result":{"collections":[{}]}}' : undefined),
    }
    await expectRefused('a collection has no name')
  })

  test('that is too long makes pages smaller, down to one point', async () => {
    const long = `{"result":{"points":[],"x":"${'x'.repeat(33 * 2 ** 20)}"}}`
    const limits: number[] = []
    answer(({ body }) => {
      limits.push(Number(/"limit":(\d+)/.exec(body)![1]))
      return long
    })
    await expectRefused('a single point has more than')
    expect(limits).toEqual([20, 5, 2, 1])
  })

  test('that cuts every connection is given up after a minute', async () => {
    fake.misbehaviour = { before: () => Promise.reject(cut()) }
    await expect(copy()).rejects.toMatchObject({ code: 'download-failed' })
    expect(fake.requests).toHaveLength(8)
  })
})
