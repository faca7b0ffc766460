import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import type { Filter, RowExpression } from '../index.ts'
import { open } from './open.ts'

const n = { kind: 'reference', path: ['n'], type: 'int' } as const
const where = (expression: RowExpression): Filter => ({ must: [{ kind: 'expression', expression }] })
const isBig = where({
  kind: 'not',
  operand: {
    kind: 'compare',
    operator: '<=',
    left: n,
    right: { kind: 'literal', type: 'int', value: 9007199254740992n },
  },
})
const isDeep = where(
  Array.from({ length: 90 }).reduce<RowExpression>((operand) => ({ kind: 'not', operand }), {
    kind: 'compare',
    operator: '==',
    left: n,
    right: { kind: 'literal', type: 'int', value: 2 },
  }),
)
const sample = where({ kind: 'sample', share: 0.5, seed: 3 })

test('what an expression selects is deleted again after a crash, the same to the point', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const points = await db.createCollection('c', { vectors: {} })
  await points.createPayloadIndex('n', { type: 'integer' })
  const values = [null, 1, 2, 9007199254740992, 9007199254740993n, 9223372036854775807n]
  await points.upsert(values.map((value, id) => ({ id, vectors: {}, payload: { n: value } })))
  await points.upsert([{ id: 6, vectors: {}, payload: {} }])
  expect((await points.scroll({ filter: isBig, limit: 10 })).points.map(({ id }) => id)).toEqual([4, 5])
  expect(await points.count(isBig)).toBe(2)
  await db.flush()
  const chosen = (await points.scroll({ filter: sample, limit: 10 })).points.map(({ id }) => id)
  expect(chosen.length).toBeGreaterThan(0)
  await points.delete({ filter: isBig })
  await points.delete({ filter: isDeep })
  await points.delete({ filter: sample })
  const left = (await points.scroll({ limit: 10 })).points.map(({ id }) => id)
  expect(left).toEqual([0, 1, 3, 6].filter((id) => !chosen.includes(id)))

  const again = await openQuietly(open, disk.stateAt(disk.journal.length, 'synced'), 2)
  const replayed = await again.getCollection('c').scroll({ limit: 10 })
  expect(replayed.points.map(({ id }) => id)).toEqual(left)
  await again.close()
  await db.close()
})
