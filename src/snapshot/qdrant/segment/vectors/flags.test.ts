import { expect, test } from 'vitest'
import { seededRandom } from '../../../../runtime/random.ts'
import { entryInMemory } from '../../entry-bytes.ts'
import { FlagBits } from './flags.ts'

const head = 8

test.each([
  ['close together', 3_000],
  ['far from each other', 8_000_000],
])('of slots that lie %s each has its own bit, and those beyond the count none', async (_, slotsEnd) => {
  const random = seededRandom(11)
  const bytes = new Uint8Array(head + Math.ceil(slotsEnd / 8))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random.next() * 256)
  const count = slotsEnd - 700
  const flags = new FlagBits(entryInMemory('flags', bytes), head, count)
  const chosen = Array.from({ length: 2_000 }, () => Math.floor(random.next() * slotsEnd))
  const slots = Uint32Array.from(new Set([...chosen, count - 1, count, slotsEnd - 1])).sort()
  const expected = Array.from(slots, (slot) =>
    slot < count ? (bytes[head + (slot >>> 3)]! >> (slot & 7)) & 1 : 0,
  )
  expect([...(await flags.of(slots))]).toEqual(expected)
  expect(await flags.of(new Uint32Array(0))).toHaveLength(0)
  expect([...(await flags.of(Uint32Array.of(count)))]).toEqual([0])
})
