import { connect, type AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { refuseBrokenRequest } from './broken-requests.ts'

const app = fastify({ clientErrorHandler: refuseBrokenRequest })
afterEach(() => app.close())

/** Everything that the server says to these bytes until it closes the connection. */
async function answerTo(text: string): Promise<string> {
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.end(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

test('an unknown method is one that no route has; other nonsense is a bad request', async () => {
  await app.listen({ host: '127.0.0.1', port: 0 })
  expect(await answerTo('FOO /collections HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 404 Not Found\r\n/,
  )
  expect(await answerTo('GET /\u0001 nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  const long = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`
  expect(await answerTo(long)).toMatch(/^HTTP\/1\.1 431 /)
})
