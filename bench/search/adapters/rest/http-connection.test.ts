import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { HttpConnection, requestBytes } from './http-connection.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function connectTo(answer: (socket: Socket) => void): Promise<HttpConnection> {
  const server = createServer((socket) => void socket.on('data', () => answer(socket)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connection = await HttpConnection.connect(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  )
  closers.push(() => {
    connection.close()
    server.close()
  })
  return connection
}

const request = requestBytes('POST', '/', '{}')

it('puts an answer together from pieces, and keeps the connection for the next', async () => {
  const pieces = ['HTTP/1.1 200 OK\r\nContent-', 'Length: 5\r\n\r', '\nhel', 'lo']
  const connection = await connectTo((socket) => {
    for (const [at, piece] of pieces.entries()) setImmediate(() => setTimeout(() => socket.write(piece), at))
  })
  for (let round = 0; round < 2; round++) {
    const { status, body } = await connection.send(request)
    expect([status, body.toString()]).toEqual([200, 'hello'])
  }
})

it('fails what waits for an answer when the connection ends', async () => {
  const connection = await connectTo((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel'),
  )
  await expect(connection.send(request)).rejects.toThrow('closed the connection')
})

it('refuses an answer that does not say its length', async () => {
  const connection = await connectTo((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nhello'))
  await expect(connection.send(request)).rejects.toThrow('without a length')
})

it('counts the bytes of a body, not its characters', () => {
  expect(requestBytes('PUT', '/x', '"ü"').toString()).toContain('content-length: 4\r\n')
})
