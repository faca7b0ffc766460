import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { Readable } from 'node:stream'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { chooseEncoding, compressAnswers } from './compression.ts'

const small = JSON.stringify({ a: 'word '.repeat(100) })
const large = JSON.stringify({ a: 'word '.repeat(20_000) })

function createApp() {
  const app = fastify({ logger: false })
  compressAnswers(app)
  app.get('/small', (_, reply) => reply.type('application/json').send(Buffer.from(small)))
  app.get('/large', (_, reply) => reply.header('vary', 'Origin').type('application/json').send(large))
  app.get('/stream', (_, reply) => reply.send(Readable.from([Buffer.from(small)])))
  app.get('/empty', (_, reply) => reply.code(404).send())
  app.get('/encoded', (_, reply) => reply.header('content-encoding', 'identity').send(Buffer.from(small)))
  return app
}

describe('compression', () => {
  test.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br', brotliDecompressSync],
  ] as const)('%s gives back what was sent, and says its length', async (encoding, decompress) => {
    const app = createApp()
    for (const [url, text] of [
      ['/small', small],
      ['/large', large],
    ] as const) {
      const answer = await app.inject({ url, headers: { 'accept-encoding': encoding } })
      expect(answer.headers['content-encoding']).toBe(encoding)
      expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length))
      expect(answer.rawPayload.length).toBeLessThan(text.length)
      expect(decompress(answer.rawPayload).toString()).toBe(text)
    }
  })

  test('vary names the encoding before what else it names', async () => {
    const app = createApp()
    const headers = { 'accept-encoding': 'gzip' }
    expect((await app.inject({ url: '/small', headers })).headers.vary).toBe('accept-encoding')
    expect((await app.inject({ url: '/large', headers })).headers.vary).toBe('accept-encoding, Origin')
  })

  test('streams, empty answers and answers with an encoding of their own stay as they are', async () => {
    const app = createApp()
    for (const url of ['/stream', '/empty', '/encoded']) {
      const answer = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
      expect(answer.headers['content-encoding']).toBe(url === '/encoded' ? 'identity' : undefined)
      expect(answer.payload).toBe(url === '/empty' ? '' : small)
    }
    expect((await app.inject('/small')).headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['gzip, deflate', 'gzip'],
    ['deflate, gzip', 'deflate'],
    ['gzip;q=0.5, br;q=0.9', 'br'],
    ['unknown, gzip;q=0.1', 'gzip'],
    ['GZIP', 'gzip'],
    ['identity, gzip;q=0.5', undefined],
    ['gzip;q=0', undefined],
    ['*', undefined],
    ['unknown', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('%j asks for %s', (accepted, encoding) => {
    expect(chooseEncoding(accepted)).toBe(encoding)
  })
})
