import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { drainRefusedBodies } from './whole-bodies.ts'

test('a body that is too large is refused when all of it has been sent, not before', async () => {
  const app = fastify({ bodyLimit: 1000 })
  drainRefusedBodies(app)
  app.post('/', () => 'taken')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  let answer = ''
  client.on('data', (chunk) => (answer += chunk.toString()))
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 2000\r\n\r\n')
  client.write('y'.repeat(1999))
  // Requests behind it, on connections of their own: the server has dealt with the first one's bytes by then.
  for (let i = 0; i < 5; i++) await (await fetch(url, { method: 'POST', body: 'small' })).text()
  expect(answer).toBe('')
  client.write('y')
  await once(client, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  await app.close()
})
