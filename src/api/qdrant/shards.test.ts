import fastify from 'fastify'
import { readdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'
import { DatabaseError } from '../../index.ts'

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

interface Node extends TestQdrant {
  readonly url: string
  /** Bytes of partial snapshots that others were sent. */
  readonly sent: number
}

let nodes: Node[] = []
let one: Node
let two: Node

beforeEach(async () => {
  one = await startNode('files')
  two = await startNode('virtual')
  nodes = [one, two]
})

afterEach(async () => {
  for (const node of nodes) await node.close()
})

async function startNode(archivesMode: 'files' | 'virtual'): Promise<Node> {
  const app = fastify({ routerOptions: { ignoreDuplicateSlashes: true } })
  let sent = 0
  app.addHook('onSend', async (request, _reply, payload) => {
    if (!request.url.endsWith('/partial/create') || !(payload instanceof Readable)) return payload
    payload.on('data', (chunk: Uint8Array) => (sent += chunk.byteLength))
    return payload
  })
  const qdrant = await openTestQdrant({ archivesMode, allowUrlRecovery: true, download }, app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return {
    ...qdrant,
    url,
    get sent() {
      return sent
    },
  }
}

/** As the server's own, which this folder must not know. */
async function download(
  url: string,
  { json }: { readonly json?: string },
): Promise<AsyncIterable<Uint8Array>> {
  const post = { method: 'POST', body: json ?? '', headers: { 'content-type': 'application/json' } }
  const { ok, status, statusText, body } = await fetch(url, json === undefined ? {} : post)
  if (!ok) throw new DatabaseError('download-refused', url, { status, reason: statusText })
  return body as unknown as AsyncIterable<Uint8Array>
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

async function call(node: Node, method: Method, path: string, body?: object): Promise<[number, Answer]> {
  const answer = await fetch(`${node.url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await answer.text()
  return [answer.status, text.startsWith('{') ? JSON.parse(text) : text]
}

async function result(node: Node, method: Method, path: string, body?: object): Promise<Answer> {
  const [status, answer] = await call(node, method, path, body)
  expect(status, JSON.stringify(answer)).toBe(200)
  return answer.result
}

async function upload(node: Node, path: string, bytes: Uint8Array): Promise<[number, Answer]> {
  const form = new FormData()
  form.append('snapshot', new Blob([Buffer.from(bytes)]), 'x.snapshot')
  const answer = await fetch(`${node.url}${path}`, { method: 'POST', body: form })
  return [answer.status, await answer.json()]
}

async function bytesOf(node: Node, path: string): Promise<Uint8Array> {
  const answer = await fetch(`${node.url}${path}`)
  expect(answer.status).toBe(200)
  return new Uint8Array(await answer.arrayBuffer())
}

async function fill(node: Node, from = 1, to = 200): Promise<void> {
  await call(node, 'PUT', '/collections/plants', { vectors: { size: 2, distance: 'Dot' }, shard_number: 2 })
  const ids = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const points = ids.map((id) => ({ id, vector: [id, 1], payload: { text: `plant ${id} `.repeat(20) } }))
  await result(node, 'PUT', '/collections/plants/points?wait=true', { points })
}

async function idsIn(node: Node, of = ''): Promise<number[]> {
  const path = `/collections/plants${of}/points/scroll`
  const { points } = await result(node, 'POST', path, { limit: 1_000, with_payload: false })
  return points.map(({ id }: { id: number }) => id)
}

const shard = '/collections/plants/shards/1'

interface Made {
  readonly name: string
  readonly size: number
  readonly checksum: string
}

describe.each(['files', 'virtual'] as const)('a snapshot of one shard, archives as %s', (mode) => {
  test('is listed, fetched, restored and deleted by itself', async () => {
    const node = mode === 'files' ? one : two
    await fill(node)
    const before = await idsIn(node, '/shards/1')
    const others = await idsIn(node, '/shards/0')
    expect([...before, ...others].sort((a, b) => a - b)).toEqual(await idsIn(node))
    const made: Made = await result(node, 'POST', `${shard}/snapshots`)
    expect(made.name).toMatch(/^plants-shard-1-\d{4}(-\d\d){5}\.snapshot$/)
    expect(await result(node, 'GET', `${shard}/snapshots`)).toMatchObject([
      { name: made.name, size: made.size },
    ])
    expect(await result(node, 'GET', '/collections/plants/shards/0/snapshots')).toEqual([])
    expect(await result(node, 'GET', '/collections/plants/snapshots')).toEqual([])
    const folder = join(node.folder, 'snapshots/plants/shards/1')
    const files = await readdir(folder).catch(() => [])
    expect(files).toEqual(mode === 'files' ? [made.name, `${made.name}.checksum`] : [])
    const bytes = await bytesOf(node, `${shard}/snapshots/${made.name}`)
    expect(bytes.byteLength).toBe(made.size)

    const remove = { filter: { must: [] } }
    await result(node, 'POST', '/collections/plants/points/delete?wait=true', remove)
    expect(await result(node, 'PUT', `${shard}/snapshots/recover`, { location: made.name })).toBe(true)
    expect(await idsIn(node)).toEqual(before)
    await result(node, 'POST', '/collections/plants/points/delete?wait=true', remove)
    const location = `${node.url}${shard}/snapshots/${made.name}`
    const body = { location, checksum: made.checksum }
    expect(await result(node, 'PUT', `${shard}/snapshots/recover`, body)).toBe(true)
    expect(await idsIn(node)).toEqual(before)
    const wrong = await upload(node, '/collections/plants/shards/0/snapshots/upload', bytes)
    expect(wrong).toEqual([
      400,
      {
        status: {
          error: `Wrong input: Cannot restore shard 0 of collection "plants": point ${String(before[0])}: it belongs to shard 1 of 2`,
        },
        time: expect.any(Number),
      },
    ])
    expect(await idsIn(node)).toEqual(before)
    expect(await result(node, 'DELETE', `${shard}/snapshots/${made.name}`)).toBe(true)
    expect(await result(node, 'GET', `${shard}/snapshots`)).toEqual([])
    expect((await call(node, 'DELETE', `${shard}/snapshots/${made.name}`))[0]).toBe(404)
  })
})

describe('a partial snapshot', () => {
  test('brings an older state elsewhere up to date, and sends only what is missing there', async () => {
    await fill(one)
    await call(two, 'PUT', '/collections/plants', { vectors: { size: 2, distance: 'Dot' }, shard_number: 2 })
    const from = { peer_url: one.url }
    expect(await result(two, 'POST', `${shard}/snapshot/partial/recover_from`, from)).toBe(true)
    expect(await idsIn(two)).toEqual(await idsIn(one, '/shards/1'))
    const everything = one.sent
    expect(await result(two, 'POST', `${shard}/snapshot/partial/recover_from`, from)).toBe(false)
    expect(one.sent).toBe(everything)

    await fill(one, 201, 203)
    await result(one, 'POST', '/collections/plants/points/delete?wait=true', { points: [3, 4, 5, 6] })
    expect(await result(two, 'POST', `${shard}/snapshot/partial/recover_from`, from)).toBe(true)
    expect(await idsIn(two)).toEqual(await idsIn(one, '/shards/1'))
    expect(one.sent - everything).toBeLessThan(everything)
    const manifest = await result(one, 'GET', `${shard}/snapshot/partial/manifest`)
    const own = await result(two, 'GET', `${shard}/snapshot/partial/manifest`)
    expect(Object.keys(own).sort()).toEqual(Object.keys(manifest).sort())
  })

  test('states the versions of its files, which grow with deletions', async () => {
    await fill(one)
    const highest = async (): Promise<number> => {
      const manifest = await result(one, 'GET', `${shard}/snapshot/partial/manifest`)
      const segments = Object.values<{ file_versions: Record<string, number> }>(manifest)
      const files = segments.flatMap(({ file_versions: versions }) => Object.entries(versions))
      return Math.max(
        ...files.flatMap(([name, version]) => (name.startsWith('vector_storage/') ? version : 0)),
      )
    }
    const before = await highest()
    const ids = await idsIn(one, '/shards/1')
    const request = { points: [ids[0]], vector: [''] }
    const done = await result(one, 'POST', '/collections/plants/points/vectors/delete?wait=true', request)
    expect(await highest()).toBeGreaterThanOrEqual(done.operation_id)
    expect(await highest()).toBeGreaterThan(before)
  })

  test('is not taken for a whole one, nor a whole one for a part', async () => {
    await fill(one)
    const answer = await fetch(`${one.url}${shard}/snapshot/partial/create`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    const part = new Uint8Array(await answer.arrayBuffer())
    const whole = await bytesOf(one, `${shard}/snapshot`)
    const [status, body] = await upload(one, `${shard}/snapshots/upload`, part)
    expect([status, body.status.error]).toEqual([400, expect.stringContaining('contains segment manifest')])
    const [other, text] = await upload(one, `${shard}/snapshot/partial/recover`, whole)
    expect([other, text.status.error]).toEqual([400, expect.stringContaining('does not contain segment')])
    expect((await upload(one, `${shard}/snapshot/partial/recover`, part))[0]).toBe(200)
    expect((await upload(one, `${shard}/snapshots/upload`, whole))[0]).toBe(200)
    expect(await idsIn(one)).toHaveLength(200)
  })

  test('is one at a time for each shard', async () => {
    await fill(one)
    const whole = await bytesOf(one, `${shard}/snapshot`)
    // A form that does not end: the first recovery is under way as long as it is open.
    const boundary = 'x'
    let finish = (): void => undefined
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="snapshot"; filename="s"\r\n\r\n`
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(head))
        controller.enqueue(whole.subarray(0, 1_000))
        finish = () => {
          controller.enqueue(Buffer.from(`\r\n--${boundary}--\r\n`))
          controller.close()
        }
      },
    })
    const first = fetch(`${one.url}${shard}/snapshot/partial/recover`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    })
    let second: [number, Answer]
    const from = { peer_url: two.url }
    do second = await call(one, 'POST', `${shard}/snapshot/partial/recover_from`, from)
    while (second[0] !== 503)
    expect(second[1]).toEqual({ status: 'already_in_progress', time: 0 })
    expect(
      (await call(one, 'POST', '/collections/plants/shards/0/snapshot/partial/recover_from', from))[0],
    ).toBe(500)
    finish()
    expect((await first).status).toBe(400)
    expect((await call(one, 'POST', `${shard}/snapshot/partial/recover_from`, from))[0]).toBe(500)
    expect(await idsIn(one)).toHaveLength(200)
  })
})

test('a shard of the past is read by its number, too', async () => {
  await fill(one)
  const before = await idsIn(one, '/shards/1')
  await one.database.getCollection('plants').createSnapshot({ name: 's' })
  await result(one, 'POST', '/collections/plants/points/delete?wait=true', { filter: { must: [] } })
  const { points } = await result(one, 'POST', '/collections/plants@s/shards/1/points/scroll', {
    limit: 1_000,
  })
  expect(points.map(({ id }: { id: number }) => id)).toEqual(before)
  expect(await result(one, 'POST', `${shard}/points/count`, {})).toEqual({ count: 0 })
  expect((await call(one, 'POST', '/collections/plants@s/shards/2/points/count', {}))[0]).toBe(404)
})
