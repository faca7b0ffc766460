import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../support/server-process.ts'

// A client that keeps its connection must find it in order after a refusal.

function multipart(file: string): string {
  const head = 'content-disposition: form-data; name="snapshot"; filename="x.snapshot"'
  return `--edge\r\n${head}\r\ncontent-type: application/octet-stream\r\n\r\n${file}\r\n--edge--\r\n`
}

/** An HTTP request as it stands on the wire. */
function onTheWire(line: string, type: string, body: string): string {
  const headers = ['host: x', `content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`]
  return `${line} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

test('a connection goes on after an upload that was refused at its first bytes', async () => {
  const server = await startServer()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString()))
  const upload = onTheWire(
    'POST /collections/c/snapshots/upload',
    'multipart/form-data; boundary=edge',
    multipart('y'.repeat(20_000_000)),
  )
  for (let i = 1; i <= 3; i++) {
    await new Promise((resolve) => socket.write(upload, resolve))
    while (answers.split('HTTP/1.1 400 ').length <= i) await once(socket, 'data')
  }
  socket.write(onTheWire('GET /collections', 'text/plain', ''))
  while (!answers.includes('HTTP/1.1 200 OK')) await once(socket, 'data')
  socket.destroy()
  await server.stop()
})

test('a body that is too large is answered every time', async () => {
  const server = await startServer({ env: { QDRANT__SERVICE__MAX_REQUEST_SIZE_MB: '1' } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = JSON.stringify({ text: 'y'.repeat(5_000_000) })
  for (const path of ['/collections/c/points/scroll', '/nothing', '/collections/c/points/scroll']) {
    expect(await post(server, agent, path, body)).toBe(400)
  }
  agent.destroy()
  await server.stop()
})

function post(server: ServerProcess, agent: Agent, path: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(`${server.url}${path}`, { method: 'POST', agent, headers })
    sent.on('error', reject)
    sent.on('response', (message) => message.resume().on('end', () => resolve(message.statusCode)))
    sent.end(body)
  })
}
