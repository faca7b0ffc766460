import { describe, expect, test } from 'vitest'
import { seededRandom } from '../runtime/random.ts'
import { IdTable, type IdSource } from './id-table.ts'
import { hashWords, wordsOfId, type IdWords, type PointId } from './point-id.ts'

/** Ids in a plain array; `hash` may be made to collide. */
class Ids implements IdSource {
  readonly list: IdWords[] = []

  hashAt(row: number): number {
    return hashWords(this.list[row]!)
  }

  isIdAt(row: number, id: Readonly<IdWords>): boolean {
    const own = this.list[row]!
    return (['kind', 'w0', 'w1', 'w2', 'w3'] as const).every((word) => own[word] === id[word])
  }

  isSameId(row: number, other: number): boolean {
    return this.isIdAt(row, this.list[other]!)
  }
}

describe('IdTable', () => {
  test('room that is made for ids changes nothing but how often the table grows', () => {
    const ids = new Ids()
    const table = new IdTable(ids)
    const insert = (from: number, to: number): void => {
      for (let row = from; row < to; row++) {
        ids.list.push(wordsOfId(row % 300))
        expect(table.insert(wordsOfId(row % 300), row)).toBe(row < 300 ? undefined : row - 300)
      }
    }
    insert(0, 40)
    table.reserve(1_000)
    const { bytes } = table
    expect(bytes).toBe(2_048 * 4)
    insert(40, 900)
    table.reserve(10)
    expect(table.bytes).toBe(bytes)
    for (let id = 0; id < 300; id++) expect(table.find(wordsOfId(id))).toBe(600 + id)
    expect(table.size).toBe(300)
  })

  test('knows for every id its newest row, as a map does', () => {
    const seed = 20_251
    const random = seededRandom(seed)
    const ids = new Ids()
    const table = new IdTable(ids)
    const model = new Map<PointId, number>()
    for (let row = 0; row < 5_000; row++) {
      const id = random.next() < 0.5 ? Math.floor(random.next() * 1_500) : BigInt(row % 700) + 2n ** 60n
      ids.list.push(wordsOfId(id))
      expect(table.insert(wordsOfId(id), row), `seed ${seed}`).toBe(model.get(id))
      model.set(id, row)
    }
    for (const [id, row] of model) expect(table.find(wordsOfId(id)), `seed ${seed}`).toBe(row)
    expect(table.size).toBe(model.size)
    expect(table.find(wordsOfId(1_000_000))).toBeUndefined()
  })

  test.each([0, 4_000])(
    'takes many rows at once as it takes one after the other, with room for %i',
    (capacity) => {
      const seed = 20_252
      const random = seededRandom(seed)
      const ids = new Ids()
      for (let row = 0; row < 4_000; row++) ids.list.push(wordsOfId(Math.floor(random.next() * 2_500)))
      const [one, many] = [new IdTable(ids, capacity), new IdTable(ids, capacity)]
      const expected: (number | undefined)[] = ids.list.map((id, row) => one.insert(id, row))
      const found = new Array<number | undefined>(4_000).fill(undefined)
      for (const [start, end] of [
        [0, 1],
        [1, 1],
        [1, 700],
        [700, 4_000],
      ] as const) {
        many.insertAll(start, end, (row, older) => (found[row] = older))
      }
      expect(found, `seed ${seed}`).toEqual(expected)
      expect(many.size).toBe(one.size)
      for (const id of ids.list) expect(many.find(id), `seed ${seed}`).toBe(one.find(id))
    },
  )

  test('a number and a UUID of the same words are two ids', () => {
    const ids = new Ids()
    const table = new IdTable(ids)
    const number = wordsOfId(7)
    const uuid = { ...number, kind: 1 } as const
    ids.list.push(number, uuid)
    table.insert(number, 0)
    expect(table.find(uuid)).toBeUndefined()
    table.insert(uuid, 1)
    expect([table.find(number), table.find(uuid)]).toEqual([0, 1])
  })

  test('ids of one shard, whose hashes share their low bits, stay near their slots', () => {
    const ids = new Ids()
    const looks = { count: 0 }
    const counted: IdSource = {
      hashAt: (row) => ids.hashAt(row),
      isIdAt: (row, id) => {
        looks.count += 1
        return ids.isIdAt(row, id)
      },
      isSameId: (row, other) => ids.isSameId(row, other),
    }
    const table = new IdTable(counted)
    for (let id = 0; ids.list.length < 4_000; id++) {
      const words = wordsOfId(id)
      if (hashWords(words) % 16 !== 3) continue
      ids.list.push(words)
      table.insert(words, ids.list.length - 1)
    }
    looks.count = 0
    for (const words of ids.list) table.find(words)
    expect(looks.count / ids.list.length).toBeLessThan(3)
  })

  test('takes 5 to 11 bytes per id once it is larger than a page', () => {
    const ids = new Ids()
    const table = new IdTable(ids)
    for (let row = 0; row < 40_000; row++) {
      ids.list.push(wordsOfId(row))
      table.insert(ids.list[row]!, row)
      if (row > 4_096) expect(table.bytes / (row + 1)).toBeLessThan(11)
    }
    expect(new IdTable(ids, 40_000).bytes).toBe(table.bytes)
  })
})
