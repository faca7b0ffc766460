import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { silentLogger } from '../runtime/logger.ts'
import type { GrpcDoor } from './grpc-door.ts'
import { listenGrpc, type GrpcListener, type GrpcListenerOptions } from './grpc-listener.ts'

/** A door that gives back what comes, and opens when it is told to. */
class Echo implements GrpcDoor {
  readonly events: string[] = []
  readonly #sockets = new Set<Socket>()
  unlock: () => void = () => undefined
  readonly #unlocked = new Promise<void>((resolve) => (this.unlock = resolve))

  readonly open = async (): Promise<GrpcDoor> => {
    this.events.push('opening')
    await this.#unlocked
    return this
  }

  take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined).pipe(socket)
  }

  async close(): Promise<void> {
    this.events.push('closed')
    for (const socket of this.#sockets) socket.end()
  }

  cut(): void {
    this.events.push('cut')
    for (const socket of this.#sockets) socket.destroy()
  }
}

const listeners: GrpcListener[] = []
afterEach(async () => {
  for (const listener of listeners.splice(0)) {
    listener.cut()
    await listener.close()
  }
})

const usual = {
  api: 'Somebody',
  host: '127.0.0.1',
  port: 0,
  isPortChosen: true,
  logger: silentLogger,
  onFatal: (error: unknown) => {
    throw error
  },
}

async function listen(door: Echo, options: Partial<GrpcListenerOptions> = {}): Promise<GrpcListener> {
  const listener = await listenGrpc(door.open, { ...usual, ...options })
  if (listener === undefined) throw new Error('It stays closed')
  listeners.push(listener)
  return listener
}

async function connected({ address }: GrpcListener, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(Number(address.split(':').at(-1)), host)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function sentBack(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

test('the first connection opens the door, once, and what was sent meanwhile is answered', async () => {
  const door = new Echo()
  const listener = await listen(door)
  expect(door.events).toEqual([])
  const [one, other] = [await connected(listener), await connected(listener)]
  one.write('hello')
  other.write('hey')
  door.unlock()
  expect(await Promise.all([sentBack(one), sentBack(other)])).toEqual(['hello', 'hey'])
  expect(door.events).toEqual(['opening'])
  await listener.load()
  expect(door.events).toEqual(['opening'])
})

test('a door that is told to is open before anybody comes', async () => {
  const door = new Echo()
  const listener = await listen(door)
  door.unlock()
  await listener.load()
  expect(door.events).toEqual(['opening'])
})

test('a listener that closes drops who waits for the door, and closes one that is open', async () => {
  const door = new Echo()
  const listener = await listen(door)
  const socket = await connected(listener)
  const ended = once(socket, 'close')
  const other = connect(Number(listener.address.split(':')[1]), '127.0.0.1').on('error', () => undefined)
  await once(other, 'connect')
  const closed = listener.close()
  await ended
  door.unlock()
  await closed
  expect(door.events).toEqual(['opening', 'closed'])
  await expect(connected(listener)).rejects.toThrow('ECONNREFUSED')
})

test('one that nobody has connected to closes without a door', async () => {
  const door = new Echo()
  const listener = await listen(door)
  await listener.close()
  expect(door.events).toEqual([])
})

test('a name is all of its addresses, with one port', async () => {
  const door = new Echo()
  door.unlock()
  const listener = await listen(door, { host: 'localhost' })
  expect(listener.address).toMatch(/^localhost:\d+$/)
  const socket = await connected(listener)
  socket.write('hello')
  expect(await sentBack(socket)).toBe('hello')
})

test('a port that somebody has is refused if it was chosen, and left to him if not', async () => {
  const first = createServer()
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve))
  const { port } = first.address() as AddressInfo
  const open = new Echo().open
  await expect(listenGrpc(open, { ...usual, port })).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${port} for Somebody's gRPC API: listen EADDRINUSE`,
  )
  const logged: unknown[] = []
  const logger = { ...silentLogger, error: (...line: unknown[]) => void logged.push(line) }
  expect(await listenGrpc(open, { ...usual, port, isPortChosen: false, logger })).toBeUndefined()
  expect(logged).toHaveLength(1)
  await new Promise((resolve) => first.close(resolve))
})

test('a door that cannot be opened is a fault of the program', async () => {
  let report: (error: unknown) => void = () => undefined
  const reported = new Promise((resolve) => (report = resolve))
  const broken = new Error('no such module')
  const listener = await listenGrpc(() => Promise.reject(broken), { ...usual, onFatal: report })
  const socket = await connected(listener!)
  expect(await reported).toBe(broken)
  socket.destroy()
  listener!.cut()
})
