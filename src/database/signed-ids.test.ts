import { expect, test } from 'vitest'
import { open, type PointId } from '../index.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { openQuietly } from '../../test/support/crash-suite.ts'

const uuid = '12345678-1234-4234-8234-123456789abc'
const half = 2n ** 63n

test('ids can be read as signed numbers, from any of them on, a page at a time', async () => {
  const database = await openQuietly(open, new SimulatedDisk(), 1)
  const collection = await database.createCollection('c', { vectors: {}, shardNumber: 3 })
  const sorted: PointId[] = [half, half + 5n, 2n ** 64n - 1n, 0, 1, 9, 2n ** 53n, half - 1n, uuid]
  await collection.upsert([...sorted].reverse().map((id) => ({ id })))
  const read = async (offset?: PointId, limit = 100): Promise<readonly PointId[]> => {
    const from = offset === undefined ? {} : { offset }
    const page = await collection.scroll({ limit, idOrder: 'signed', ...from })
    return page.points.map(({ id }) => id)
  }
  expect(await read()).toEqual(sorted)
  for (let at = 0; at < sorted.length; at++) expect(await read(sorted[at])).toEqual(sorted.slice(at))
  const pages: PointId[] = []
  for (let next: PointId | undefined = sorted[0]; next !== undefined;) {
    const page = await collection.scroll({ limit: 2, idOrder: 'signed', offset: next })
    pages.push(...page.points.map(({ id }) => id))
    next = page.next
  }
  expect(pages).toEqual(sorted)
  expect((await collection.scroll({ limit: 4 })).points.map(({ id }) => id)).toEqual([0, 1, 9, 2n ** 53n])
  await database.close()
})
