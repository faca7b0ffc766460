import { describe, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { column } from '../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../wire/messages.ts'
import { dataTypes } from '../schema/data-types.ts'
import type { FieldDocument } from '../schema/document.ts'
import { checkMinHash, minHashVector } from './min-hash.ts'

const input: FieldDocument = { id: 101, name: 't', type: dataTypes.VarChar, params: { max_length: '100' } }
const output: FieldDocument = { id: 102, name: 'm', type: dataTypes.BinaryVector, params: { dim: '4096' } }
const made = (params: Record<string, string> = {}): { name: string; params: Record<string, string> } => ({
  name: 'f',
  params,
})

/** How many of 128 hashes are the same. */
function shared(a: string, b: string, params: Record<string, string> = {}): number {
  const [left, right] = [a, b].map((text) => minHashVector(made(params), input, output, text))
  let count = 0
  for (let at = 0; at < 4096; at += 32)
    if (left!.subarray(at, at + 32).every((bit, place) => bit === right![at + place])) count += 1
  return count
}

const words = Array.from({ length: 20 }, (_, n) => `w${n}`)

test('texts share as many hashes as they share shingles', () => {
  expect(shared(words.join(' '), words.join(', '))).toBe(128)
  expect(shared(words.join(' '), words.map((word) => `x${word}`).join(' '))).toBeLessThan(4)
  // 12 of 24 shingles of one word are in both.
  const half = shared(words.slice(0, 18).join(' '), [...words.slice(6), 'a', 'b', 'c', 'd'].join(' '), {
    shingle_size: '1',
  })
  expect(half).toBeGreaterThan(40)
  expect(half).toBeLessThan(90)
})

test('parameters count', () => {
  const vector = (params: Record<string, string>, text = 'one two three four'): Float32Array =>
    minHashVector(made(params), input, output, text)
  expect(vector({})).toEqual(vector({ SHINGLE_SIZE: '3', seed: '1234' }))
  for (const params of [{ shingle_size: '2' }, { seed: '5' }, { token_level: 'char' }])
    expect(vector(params as Record<string, string>)).not.toEqual(vector({}))
  expect(vector({}).every((bit) => bit === 0 || bit === 1)).toBe(true)
})

test.each([
  [{ num_hashes: '0' }, 'param num_hashes:0 must be positive'],
  [{ num_hashes: '64' }, 'does not match expected dim 2048'],
  [{ shingle_size: 'x' }, 'param shingle_size:x must be positive'],
  [{ token_level: 'line' }, 'unknown token_level: line'],
  [{ hash_function: 'md5' }, 'unknown hash function: md5'],
  [{ seed: 'x' }, 'param seed:x is not a number'],
])('%j is refused', (params, why) => {
  expect(() => checkMinHash(made(params as Record<string, string>), input, output)).toThrow(why)
})

test('fields of other types are refused', () => {
  expect(() => checkMinHash(made(), { ...input, type: 5 }, output)).toThrow('is not string type')
  expect(() => checkMinHash(made(), input, { ...output, type: 101 })).toThrow('is not binary vector type')
})

describe('a collection with signatures of texts', () => {
  const milvus = milvusForEachTest()

  test('finds texts that are much the same', async () => {
    const text = field('t', 'VarChar', { max_length: '1000' })
    const bits = field('m', 'BinaryVector', { dim: 2048 })
    const functions = [
      {
        name: 'f',
        type: 4,
        input_field_names: ['t'],
        output_field_names: ['m'],
        params: pairs({ num_hashes: '64', shingle_size: '2' }),
      },
    ]
    await milvus.must('CreateCollection', collectionOf('c', [primaryKey(), text, bits], {}, { functions }))
    const c = { collection_name: 'c' }
    const extra_params = pairs({ index_type: 'BIN_FLAT', metric_type: 'HAMMING' })
    await milvus.must('CreateIndex', { ...c, field_name: 'm', extra_params })
    await milvus.must('LoadCollection', c)
    const texts = [
      'nothing of this is found here',
      words.join(' '),
      [...words.slice(0, 18), 'a', 'b'].join(' '),
    ]
    const fields_data = [column('id', 5, [1n, 2n, 3n]), column('t', 21, texts)]
    await milvus.must('Insert', { ...c, num_rows: 3, fields_data })
    const placeholders = [{ tag: '$0', type: 21, values: [Buffer.from(words.join(' '))] }]
    const { results } = await milvus.must('Search', {
      ...c,
      placeholder_group: encodeMessage('PlaceholderGroup', { placeholders }),
      search_params: pairs({ anns_field: 'm', topk: '3' }),
    })
    expect(results.ids.int_id.data).toEqual([2n, 3n, 1n])
    expect(results.scores[0]).toBe(0)
    expect(results.scores[2]).toBeGreaterThan(2 * results.scores[1])
  })
})
