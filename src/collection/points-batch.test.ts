import { expect, test } from 'vitest'
import { wordsOfId, type PointId } from '../ids/point-id.ts'
import {
  decodeBatch,
  encodeBatch,
  newIds,
  type PointsBatch,
  vectorOfBatch,
  wordsOfVector,
  writeId,
} from './points-batch.ts'

const ids: readonly PointId[] = [7, 2n ** 63n + 5n, '00112233-4455-6677-8899-aabbccddeeff']

function batch(): PointsBatch {
  const words = newIds(ids.length)
  ids.forEach((id, index) => writeId(words, index, wordsOfId(id)))
  return {
    collection: 'c-id',
    mode: 'upsert',
    condition: '',
    count: ids.length,
    ids: words,
    payloads: { bytes: Buffer.from('{"a":1.0}{}'), lengths: Uint32Array.of(9, 0, 2) },
    vectors: [
      {
        name: 'v',
        kind: 'dense',
        dimensions: 2,
        present: Uint8Array.of(1, 0, 1),
        words: new Uint32Array(Float32Array.of(1, -2, 0.5, 3).buffer),
      },
    ],
  }
}

test('the bytes of a record of points are those of docs/format/log.md', () => {
  const header =
    '{"v":1,"collection":"c-id","mode":"upsert","condition":"","count":3,"payloadBytes":11,' +
    '"vectors":[{"name":"v","dimensions":2,"floats":4}]}'
  const expected = [
    Buffer.from(Uint32Array.of(header.length).buffer).toString('hex'),
    Buffer.from(header).toString('hex'),
    '00000000' + '07000000' + '00000000' + '00000000' + '00000000',
    '00000000' + '05000000' + '00000080' + '00000000' + '00000000',
    '01000000' + '33221100' + '77665544' + 'bbaa9988' + 'ffeeddcc',
    '09000000' + '00000000' + '02000000',
    Buffer.from('{"a":1.0}{}').toString('hex'),
    '010001',
    '0000803f' + '000000c0' + '0000003f' + '00004040',
  ]
  expect(Buffer.concat(encodeBatch(batch())).toString('hex')).toBe(expected.join(''))
})

test('a record of points is read back, wherever it lies in memory', () => {
  const body = Buffer.concat([Buffer.of(0), ...encodeBatch(batch())]).subarray(1)
  const { payloads, ...rest } = decodeBatch(body)
  const { payloads: given, ...others } = batch()
  expect(rest).toEqual({ ...others, vectors: [expect.objectContaining({ name: 'v', dimensions: 2 })] })
  expect([...rest.vectors[0]!.present]).toEqual([1, 0, 1])
  const [column] = rest.vectors
  expect([0, 2].flatMap((at) => [...(vectorOfBatch(column!, at) as Float32Array)])).toEqual([1, -2, 0.5, 3])
  expect(Buffer.from(payloads.bytes).toString()).toBe(Buffer.from(given.bytes).toString())
  expect(payloads.lengths).toEqual(given.lengths)
})

test('another version is refused', () => {
  const parts = encodeBatch(batch())
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  body.write('5', 4 + '{"v":'.length)
  expect(() => decodeBatch(body)).toThrow(expect.objectContaining({ code: 'version-unsupported' }))
})

test('vectors that are not dense make it version 2, and come back', () => {
  const floats = (...values: number[]): number[] => [...new Uint32Array(Float32Array.from(values).buffer)]
  const sparse = {
    name: 's',
    kind: 'sparse' as const,
    dimensions: 0,
    present: Uint8Array.of(1, 1, 0),
    words: Uint32Array.from([2, 7, 9, ...floats(0.5, 1), 0]),
  }
  const multi = {
    name: 'm',
    kind: 'multi' as const,
    dimensions: 2,
    present: Uint8Array.of(0, 0, 1),
    words: Uint32Array.from([2, ...floats(1, 2, 3, 4)]),
  }
  const body = Buffer.concat(encodeBatch({ ...batch(), vectors: [sparse, multi] }))
  expect(body.toString('latin1')).toContain('{"v":2,')
  const { vectors } = decodeBatch(body)
  expect(vectors.map(({ kind, dimensions }) => [kind, dimensions])).toEqual([
    ['sparse', 0],
    ['multi', 2],
  ])
  expect(vectorOfBatch(vectors[0]!, 0)).toEqual({
    indices: Uint32Array.of(7, 9),
    values: Float32Array.of(0.5, 1),
  })
  expect(wordsOfVector(vectors[0]!, 0)).toBe(5)
  expect(vectorOfBatch(vectors[0]!, 5)).toEqual({ indices: new Uint32Array(0), values: new Float32Array(0) })
  expect(vectorOfBatch(vectors[1]!, 0)).toEqual({ dimensions: 2, values: Float32Array.of(1, 2, 3, 4) })
})

test('only what names a partition is of the version that has them', () => {
  const header = (body: Uint8Array): { readonly v: number } => {
    const length = Buffer.from(body).readUInt32LE(0)
    return JSON.parse(Buffer.from(body.subarray(4, 4 + length)).toString()) as { v: number }
  }
  const dense = { ...batch(), vectors: batch().vectors.filter(({ kind }) => kind === 'dense') }
  const plain = Buffer.concat(encodeBatch(dense))
  expect(header(plain)).toMatchObject({ v: 1 })
  expect(header(plain)).not.toHaveProperty('partition')
  expect(decodeBatch(plain)).not.toHaveProperty('partition')
  const named = Buffer.concat(encodeBatch({ ...dense, partition: 'a' }))
  expect(header(named)).toMatchObject({ v: 3, partition: 'a' })
  expect(decodeBatch(named)).toEqual({ ...decodeBatch(plain), partition: 'a' })
})
