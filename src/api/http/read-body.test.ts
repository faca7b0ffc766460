import fastify from 'fastify'
import { PassThrough, type Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readBody } from './read-body.ts'

const app = fastify()

beforeAll(async () => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request, stream, done) => readBody(request, stream, 1_000_000, done))
  app.post('/', (request) => {
    const body = request.body as Buffer
    return { bytes: body.length, isPattern: body.every((byte, i) => byte === i % 251) }
  })
  await app.ready()
})

afterAll(() => app.close())

const pattern = (bytes: number): Buffer => Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => i % 251))

async function post(payload: Buffer | Readable, headers: Record<string, string> = {}) {
  const all = { 'content-type': 'text/x', ...headers }
  const { statusCode, json } = await app.inject({ method: 'POST', url: '/', payload, headers: all })
  return { statusCode, body: json<Record<string, unknown>>() }
}

/** Its pieces are of odd sizes. */
function pieces(bytes: Buffer): Readable {
  const through = new PassThrough()
  for (let at = 0; at < bytes.length; at += 77_777) through.write(bytes.subarray(at, at + 77_777))
  return through.end()
}

test.each([0, 1, 1_000_000])('%s bytes come whole, announced or not', async (length) => {
  const expected = { statusCode: 200, body: { bytes: length, isPattern: true } }
  if (length > 0) expect(await post(pattern(length))).toEqual(expected)
  expect(await post(pieces(pattern(length)), { 'content-length': String(length) })).toEqual(expected)
  expect(await post(pieces(pattern(length)), { 'transfer-encoding': 'chunked' })).toEqual(expected)
})

test('more than is allowed is refused, announced or not', async () => {
  const refused = { statusCode: 413, body: { code: 'FST_ERR_CTP_BODY_TOO_LARGE' } }
  expect(await post(pattern(1_000_001))).toMatchObject(refused)
  expect(await post(pieces(pattern(1_000_001)), { 'transfer-encoding': 'chunked' })).toMatchObject(refused)
})

test.each(['99', '101'])('100 bytes that were announced as %s are refused', async (length) => {
  const answer = await post(pieces(pattern(100)), { 'content-length': length })
  expect(answer).toMatchObject({ statusCode: 400, body: { code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' } })
})
