import fastify, { type FastifyRequest } from 'fastify'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
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

const pattern = (bytes: number): Buffer =>
  Buffer.alloc(
    bytes,
    Uint8Array.from({ length: 251 }, (_, i) => i),
  )

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

const mebibyte = 2 ** 20

/** Reads a body whose pieces are all there, and gives how many bytes of it came in each turn of the event loop. */
async function bytesPerTurn(bodies: readonly Buffer[]): Promise<number[]> {
  const turns = [0]
  let isOver = false
  const count = async (): Promise<void> => {
    while (!isOver) {
      await nextTurn()
      turns.push(0)
    }
  }
  const counting = count()
  const read = (body: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const parts = Array.from({ length: body.length / 65_536 }, (_, i) =>
        body.subarray(i * 65_536, (i + 1) * 65_536),
      )
      const stream = new Readable({ read: () => void stream.push(parts.shift() ?? null) })
      stream.on('data', (part: Buffer) => (turns[turns.length - 1]! += part.length))
      const request = { headers: { 'content-length': String(body.length) }, raw: stream } as object
      readBody(request as FastifyRequest, stream, Infinity, (error, whole) => {
        if (error === null && whole?.equals(body)) resolve()
        else reject(error ?? new Error('The body is another one'))
      })
    })
  await Promise.all(bodies.map(read))
  isOver = true
  await counting
  return turns
}

test.each([1, 4])('of %s large bodies that are there at once a turn takes in a MiB', async (count) => {
  const bodies = Array.from({ length: count }, () => pattern(8 * mebibyte))
  const turns = await bytesPerTurn(bodies)
  // Each stream may be in the middle of a piece, or have read one ahead.
  expect(Math.max(...turns)).toBeLessThanOrEqual(mebibyte + count * 2 * 65_536)
  expect(turns.filter((bytes) => bytes > 0).length).toBeGreaterThanOrEqual(count * 7)
})

test('what the pieces of a large body took is free before the body is whole', async () => {
  const large = fastify({ bodyLimit: 2 ** 30 })
  const before: number[] = []
  large.removeAllContentTypeParsers()
  large.addContentTypeParser('*', (request, stream, done) => {
    stream.on('data', () => before.push(process.memoryUsage().arrayBuffers))
    readBody(request, stream, 2 ** 30, done)
  })
  const body = pattern(32 * mebibyte)
  large.post('/', (request) => ({ isSame: (request.body as Buffer).equals(body) }))
  await large.listen({ host: '127.0.0.1', port: 0 })
  try {
    const { port } = large.server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/x' },
    })
    expect(await answer.json()).toEqual({ isSame: true })
    expect(before.length).toBeGreaterThan(100)
    expect(Math.max(...before) - before[0]!).toBeLessThan(8 * mebibyte)
  } finally {
    await large.close()
  }
})
