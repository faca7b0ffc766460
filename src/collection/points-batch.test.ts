import { expect, test } from 'vitest'
import { wordsOfId, type PointId } from '../ids/point-id.ts'
import { decodeBatch, encodeBatch, newIds, writeId, type PointsBatch } from './points-batch.ts'

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
    payloads: ['{"a":1.0}', '', '{}'].map((text) => Buffer.from(text)),
    vectors: [
      {
        name: 'v',
        dimensions: 2,
        present: Uint8Array.of(1, 0, 1),
        data: Float32Array.of(1, -2, 0.5, 3),
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
  expect([...rest.vectors[0]!.data]).toEqual([1, -2, 0.5, 3])
  expect(payloads.map((bytes) => Buffer.from(bytes).toString())).toEqual(
    given.map((bytes) => bytes.toString()),
  )
})

test('another version is refused', () => {
  const parts = encodeBatch(batch())
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  body.write('2', 4 + '{"v":'.length)
  expect(() => decodeBatch(body)).toThrow(expect.objectContaining({ code: 'version-unsupported' }))
})
