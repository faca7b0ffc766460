import { createHmac } from 'node:crypto'
import fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDoor, qdrantRoutes } from '../../api/qdrant/routes.ts'
import { routeRequirement } from '../../api/qdrant/rights/route-requirements.ts'
import { open, type Database } from '../../index.ts'
import { systemClock } from '../../runtime/clock.ts'
import { createJsonLogger } from '../json-logger.ts'
import { createGuard } from './guard.ts'
import { guardRoutes } from './guard-routes.ts'

// The guard in front of the whole door, over a real store.

const key = 'the-key-of-the-gate-1'
const readOnlyKey = 'the-key-of-the-window-2'
const lines: string[] = []
const routes: { method: string; url: string }[] = []

let folder: string
let database: Database
let app: FastifyInstance

function token(claims: object): string {
  const code = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${code({ alg: 'HS256' })}.${code(claims)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

const collections = (...entries: (readonly [string, string])[]): string =>
  token({ access: entries.map(([collection, access]) => ({ collection, access })) })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-guard-'))
  database = await open(join(folder, 'storage'), { workers: 0, background: false })
  const logger = createJsonLogger('debug', { write: (line: string) => void lines.push(line) })
  const guard = createGuard({
    apiKey: key,
    readOnlyApiKey: readOnlyKey,
    tokens: true,
    database,
    clock: systemClock,
  })
  app = fastify()
  app.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const one of [method].flat()) routes.push({ method: one, url })
  })
  guardRoutes(app, guard)
  const door = openDoor({
    database,
    archives: database.archiveFolder(join(folder, 'snapshots')),
    archivesMode: 'files',
    clock: systemClock,
    version: '1.19.0',
    allowUrlRecovery: true,
    download: (url) => Promise.reject(new Error(`nothing to read at ${url}`)),
    snapshotsPath: join(folder, 'snapshots'),
    maxRequestBytes: 100_000,
    readiness: () => true,
    logger,
    ...(guard === undefined ? {} : { guard }),
  })
  await qdrantRoutes(app, door)
  for (const name of ['plants', 'stones']) {
    const collection = await database.createCollection(name, {
      vectors: { '': { size: 2, distance: 'Dot' } },
    })
    await collection.upsert([{ id: 1, vectors: { '': [0, 1] }, payload: { owner: name } }])
  }
  await database.updateAliases([{ kind: 'create', alias: 'nick', collection: 'plants' }])
  await database.getCollection('plants').createSnapshot({ name: 'monday' })
})

afterAll(async () => {
  await app.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

/** Bodies without which a route complains before it asks for rights. */
const bodies: Readonly<Record<string, object>> = {
  'PUT /collections/:collection': { vectors: { size: 2, distance: 'Dot' } },
  'PUT /collections/:collection/snapshots/recover': { location: 'file:///nowhere' },
  'PUT /collections/:collection/shards/:shard/snapshots/recover': { location: 'file:///nowhere' },
}

async function send(method: string, url: string, as: string, body?: object) {
  const headers = { 'api-key': as, 'content-type': 'application/json' }
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
  return app.inject({ method: method as 'GET', url, headers, ...payload })
}

describe('every route of the door', () => {
  /** The answers of all routes, asked about `plants`. */
  async function sweep(as: string): Promise<{ route: string; kind: string; status: number; text: string }[]> {
    const answers = []
    for (const { method, url } of routes.filter(({ method }) => method !== 'HEAD')) {
      const route = `${method} ${url}`
      const path = url.replace(':collection', 'plants').replace(':shard', '0').replace(/:\w+/, '1')
      const { statusCode: status, body: text } = await send(method, path, as, bodies[route])
      answers.push({ route, kind: routeRequirement(method, url).kind, status, text })
    }
    return answers
  }

  test('is closed to a token without any access, and nothing has changed', async () => {
    const before = database.stats().appliedSeq
    const answers = await sweep(collections())
    expect(answers.length).toBeGreaterThan(80)
    const opened = answers.filter(({ kind, status }) => kind !== 'any' && status !== 403)
    expect(opened).toEqual([])
    expect(database.stats().appliedSeq).toBe(before)
  })

  test('that changes something is closed to those who may read', async () => {
    const before = database.stats().appliedSeq
    for (const as of [readOnlyKey, token({ access: 'r' }), collections(['plants', 'r'])]) {
      const answers = await sweep(as)
      const opened = answers.filter(({ kind, status }) => /write|manage/.test(kind) && status !== 403)
      expect(opened).toEqual([])
    }
    expect(database.stats().appliedSeq).toBe(before)
  })

  test('that reads says nothing of other collections to a token for one', async () => {
    const answers = await sweep(collections(['plants', 'r']))
    expect(answers.filter(({ text }) => text.includes('stones')).map(({ route }) => route)).toEqual([])
  })

  test('names what it asks for: none is open by accident', () => {
    const reading = routes.filter(({ method, url }) => routeRequirement(method, url).kind === 'any')
    expect(reading.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'GET /aliases',
      'GET /collections',
      'GET /issues',
      'GET /telemetry',
    ])
  })
})

describe('names', () => {
  const scroll = (name: string, as: string) => send('POST', `/collections/${name}/points/scroll`, as, {})

  test('an alias is a name of its own, and so is what a collection was', async () => {
    const own = collections(['plants', 'r'])
    const outcomes = ['plants', 'nick', 'stones', 'plants@monday', 'nick@monday', 'stones@monday']
    const statuses = await Promise.all(outcomes.map(async (name) => (await scroll(name, own)).statusCode))
    expect(statuses).toEqual([200, 403, 403, 200, 403, 403])
    expect((await scroll('nick@monday', collections(['nick', 'r']))).statusCode).toBe(200)
  })

  test('spelling a name in percents changes nothing', async () => {
    expect((await scroll('%73tones', collections(['plants', 'r']))).statusCode).toBe(403)
    expect((await scroll('%70lants', collections(['plants', 'r']))).statusCode).toBe(200)
  })

  test('a collection that is read besides the one in the path is asked for, at any depth', async () => {
    const lookup = { lookup_from: { collection: 'stones' }, query: 1 }
    const asked = [
      ['query', lookup],
      ['query', { query: { fusion: 'rrf' }, prefetch: [{ prefetch: [lookup], query: [0, 1] }] }],
      ['query/batch', { searches: [{ query: [0, 1] }, lookup] }],
      ['query/groups', { query: [0, 1], group_by: 'owner', with_lookup: 'stones' }],
      ['query/groups', { query: [0, 1], group_by: 'owner', with_lookup: { collection: 'stones@monday' } }],
      ['recommend', { positive: [1], limit: 1, lookup_from: { collection: 'stones' } }],
    ] as const
    for (const [path, body] of asked) {
      const answer = await send(
        'POST',
        `/collections/plants/points/${path}`,
        collections(['plants', 'rw']),
        body,
      )
      expect([path, answer.statusCode, answer.body]).toEqual([
        path,
        403,
        expect.stringMatching(/Forbidden: Access to collection stones(@monday)? is required/),
      ])
    }
  })
})

describe('a token that is tied to a point', () => {
  const tied = (owner: string, collection = 'plants') =>
    token({ access: 'r', value_exists: { collection, matches: [{ key: 'owner', value: owner }] } })
  const text = 'Invalid JWT, stateful validation failed'

  test('counts while the point exists', async () => {
    const answers = await Promise.all(
      [tied('plants'), tied('nobody'), tied('plants', 'nowhere')].map((as) =>
        send('GET', '/collections', as),
      ),
    )
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 403])
    expect(answers.slice(1).map(({ body }) => body)).toEqual([text, text])
  })
})

describe('uploads', () => {
  const uploads = [
    '/collections/plants/snapshots/upload?wait=false',
    '/collections/plants/snapshots/upload?checksum=short',
    '/collections/plants/shards/0/snapshots/upload?wait=false',
    '/collections/plants/shards/0/snapshot/partial/recover?wait=false',
  ]

  test.each(uploads)('%s is refused before one byte of its body is sent', async (path) => {
    if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
    const before = database.stats().appliedSeq
    const { port } = app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    const head = [
      `POST ${path} HTTP/1.1`,
      'host: localhost',
      `api-key: ${readOnlyKey}`,
      'content-type: multipart/form-data; boundary=x',
      'content-length: 1000000000',
      '',
      '',
    ].join('\r\n')
    socket.write(head)
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (bytes) => resolve(String(bytes))),
    )
    // All that the client has sent is its head: a billion bytes were announced, none was waited for.
    expect(socket.bytesWritten).toBe(Buffer.byteLength(head))
    expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*Forbidden: Global manage access is required$/)
    socket.destroy()
    expect(await readdir(join(folder, 'snapshots')).catch(() => [])).toEqual([])
    expect(database.stats().appliedSeq).toBe(before)
  })

  test('a refused client that goes on sending is cut off', async () => {
    if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST /collections/plants/snapshots/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n`,
    )
    const chunk = Buffer.alloc(2 ** 20)
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pump).on('data', () => undefined)
    pump()
    await new Promise((resolve) => socket.once('close', resolve))
    expect(socket.bytesWritten).toBeLessThan(200 * 2 ** 20)
  })
})

test('keys and tokens are in no answer and in no line of the log', async () => {
  const secrets = [key, readOnlyKey, 'a-wrong-key-3', 'the-key-of-another-server-4', token({ access: 'm' })]
  const texts: string[] = []
  for (const as of secrets) {
    for (const wait of [true, false]) {
      const location = `http://user:the-key-of-another-server-4@127.0.0.1:1/x`
      const answer = await send('PUT', `/collections/copy/snapshots/recover?wait=${wait}`, as, {
        location,
        api_key: 'the-key-of-another-server-4',
      })
      texts.push(answer.body)
    }
    texts.push((await send('GET', '/collections', as)).body, (await send('GET', '/nothing', as)).body)
  }
  expect(lines.length).toBeGreaterThan(0)
  for (const secret of secrets.filter((one) => one !== 'the-key-of-another-server-4')) {
    expect(lines.filter((line) => line.includes(secret))).toEqual([])
    expect(texts.filter((text) => text.includes(secret))).toEqual([])
  }
})
