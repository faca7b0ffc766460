import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { QdrantClient } from '@qdrant/js-client-rest'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startServer } from '../../support/server-process.ts'
import { connect, refusal, useDoor } from './client.ts'

const door = useDoor()
const total = 300

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function fill(client: QdrantClient, name: string, shardNumber = 2): Promise<void> {
  await client.deleteCollection(name)
  await client.createCollection(name, { vectors: { size: 4, distance: 'Cosine' }, shard_number: shardNumber })
  await client.createPayloadIndex(name, { wait: true, field_name: 'group', field_schema: 'keyword' })
  const points = Array.from({ length: total }, (_, i) => ({
    id: i,
    vector: [i + 1, 1, (i * 7) % 11, 3],
    payload: { group: `g${i % 3}`, text: `point ${i}` },
  }))
  await client.upsert(name, { wait: true, points })
}

/** Everything that a client can see of a collection's points, as one hash. */
async function contentHash(client: QdrantClient, name: string): Promise<string> {
  const hash = createHash('sha256')
  let offset: string | number | undefined
  do {
    const page = await client.scroll(name, {
      limit: 100,
      with_payload: true,
      with_vector: true,
      ...(offset === undefined ? {} : { offset }),
    })
    for (const point of page.points) hash.update(JSON.stringify(point))
    offset = (page.next_page_offset ?? undefined) as string | number | undefined
  } while (offset !== undefined)
  return hash.digest('hex')
}

async function damage(client: QdrantClient, name: string): Promise<void> {
  await client.delete(name, { wait: true, filter: { must: [{ key: 'group', match: { value: 'g0' } }] } })
  await client.upsert(name, {
    wait: true,
    points: [{ id: 1, vector: [9, 9, 9, 9], payload: { broken: true } }],
  })
}

const url = (path: string): string => `${door.server.url}${path}`
const snapshotFile = (collection: string, name: string): string =>
  join(door.server.snapshotsPath, collection, name)

async function upload(
  collection: string,
  bytes: Uint8Array,
  query = '',
): Promise<{ status: number; text: string }> {
  const form = new FormData()
  form.append('snapshot', new Blob([bytes]), 'upload.snapshot')
  const answer = await fetch(url(`/collections/${collection}/snapshots/upload${query}`), {
    method: 'POST',
    body: form,
  })
  return { status: answer.status, text: await answer.text() }
}

/** Names below a folder, to prove that nothing was left behind. */
async function tree(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort()
}

describe('collection snapshots', () => {
  beforeEach(() => fill(door.client, 'c'))

  test('a snapshot is created with size and checksum, listed, downloaded and deleted', async () => {
    const { client } = door
    const made = (await client.createSnapshot('c'))!
    expect(made.name).toMatch(/^c-\d+-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.snapshot$/)
    expect(made.checksum).toMatch(/^[0-9a-f]{64}$/)
    expect(await client.listSnapshots('c')).toEqual([made])
    const answer = await fetch(url(`/collections/c/snapshots/${made.name}`))
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(Number(answer.headers.get('content-length'))).toBe(made.size)
    expect(bytes.byteLength).toBe(made.size)
    expect(sha256(bytes)).toBe(made.checksum)
    expect(await client.deleteSnapshot('c', made.name)).toBe(true)
    expect(await client.listSnapshots('c')).toEqual([])
    const again = await refusal(client.deleteSnapshot('c', made.name))
    expect(again.status).toBe(404)
  })

  test('the archive lies in the snapshots folder with its checksum beside it', async () => {
    const made = (await door.client.createSnapshot('c'))!
    const bytes = await readFile(snapshotFile('c', made.name))
    expect(sha256(bytes)).toBe(made.checksum)
    expect(await readFile(snapshotFile('c', `${made.name}.checksum`), 'utf8')).toBe(made.checksum)
    await door.client.deleteSnapshot('c', made.name)
    expect(await readdir(join(door.server.snapshotsPath, 'c'))).toEqual([])
  })

  test('a range of a download is that range of the file', async () => {
    const made = (await door.client.createSnapshot('c'))!
    const path = url(`/collections/c/snapshots/${made.name}`)
    const whole = new Uint8Array(await (await fetch(path)).arrayBuffer())
    for (const [from, to] of [
      [0, 0],
      [500, 1600],
      [made.size - 700, made.size - 1],
    ] as const) {
      const part = await fetch(path, { headers: { range: `bytes=${from}-${to}` } })
      expect(part.status).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to}/${made.size}`)
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.slice(from, to + 1))
    }
    expect((await fetch(path, { headers: { range: `bytes=${made.size}-` } })).status).toBe(416)
  })

  test('two snapshots in the same second are two', async () => {
    const made = await Promise.all([1, 2, 3].map(() => door.client.createSnapshot('c')))
    const names = new Set(made.map((snapshot) => snapshot!.name))
    expect(names.size).toBe(3)
    // Snapshots outlive a collection of the same name: earlier tests left theirs.
    const listed = (await door.client.listSnapshots('c')).map(({ name }) => name)
    expect(listed).toEqual(expect.arrayContaining([...names]))
  })

  test('a damaged collection is recovered in place from a file, with its checksum', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const made = (await client.createSnapshot('c'))!
    await damage(client, 'c')
    expect(await contentHash(client, 'c')).not.toBe(before)
    const location = pathToFileURL(snapshotFile('c', made.name)).href
    const refused = await refusal(client.recoverSnapshot('c', { location, checksum: '0'.repeat(64) }))
    expect(refused).toEqual({
      status: 400,
      text: `Wrong input: Snapshot checksum mismatch: expected ${'0'.repeat(64)}, got ${String(made.checksum)}`,
    })
    expect(await contentHash(client, 'c')).not.toBe(before)
    expect(await client.recoverSnapshot('c', { location, checksum: made.checksum! })).toBe(true)
    expect(await contentHash(client, 'c')).toBe(before)
    expect((await client.getCollection('c')).points_count).toBe(total)
  })

  test('a dropped collection comes back from its snapshot, with configuration and indexes', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const config = await client.getCollection('c')
    const made = (await client.createSnapshot('c'))!
    await client.deleteCollection('c')
    await client.recoverSnapshot('c', {
      location: pathToFileURL(snapshotFile('c', made.name)).href,
      priority: 'snapshot',
    })
    expect(await contentHash(client, 'c')).toBe(before)
    const after = await client.getCollection('c')
    expect(after.config).toEqual(config.config)
    expect(after.payload_schema).toEqual(config.payload_schema)
  })

  test('a snapshot holds the moment of its request, not that of the hashing', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const making = client.createSnapshot('c')
    await making.then(() => damage(client, 'c'))
    const made = (await making)!
    await client.recoverSnapshot('moment', { location: pathToFileURL(snapshotFile('c', made.name)).href })
    expect(await contentHash(client, 'moment')).toBe(before)
    await client.deleteCollection('moment')
  })

  test('an uploaded archive makes a collection, and leaves no copy behind', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const made = (await client.createSnapshot('c'))!
    const bytes = await readFile(snapshotFile('c', made.name))
    const files = await tree(door.server.snapshotsPath)
    expect((await upload('uploaded', bytes, `?checksum=${made.checksum!}&priority=snapshot`)).status).toBe(
      200,
    )
    expect(await contentHash(client, 'uploaded')).toBe(before)
    expect(await tree(door.server.snapshotsPath)).toEqual(files)
    await client.deleteCollection('uploaded')
  })

  test('an archive comes from an HTTP server', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const made = (await client.createSnapshot('c'))!
    const bytes = await readFile(snapshotFile('c', made.name))
    const web = createServer((request, response) => {
      response
        .writeHead(request.url === '/it.snapshot' ? 200 : 404)
        .end(request.url === '/it.snapshot' ? bytes : 'no')
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    try {
      await client.recoverSnapshot('fetched', { location: `${base}/it.snapshot` })
      expect(await contentHash(client, 'fetched')).toBe(before)
      const missing = await refusal(client.recoverSnapshot('other', { location: `${base}/none` }))
      expect(missing.status).toBe(400)
      expect(missing.text).toContain('Failed to download tar from')
      expect(await client.collectionExists('other')).toEqual({ exists: false })
    } finally {
      web.close()
      await client.deleteCollection('fetched')
    }
  })

  test('an archive that a user puts into the folder is listed and recoverable', async () => {
    const { client } = door
    const before = await contentHash(client, 'c')
    const made = (await client.createSnapshot('c'))!
    await mkdir(join(door.server.snapshotsPath, 'moved'), { recursive: true })
    await copyFile(snapshotFile('c', made.name), snapshotFile('moved', 'mine.snapshot'))
    await client.recoverSnapshot('moved', {
      location: pathToFileURL(snapshotFile('moved', 'mine.snapshot')).href,
    })
    expect((await client.listSnapshots('moved')).map(({ name }) => name)).toEqual(['mine.snapshot'])
    expect(await contentHash(client, 'moved')).toBe(before)
    await client.deleteCollection('moved')
    await rm(join(door.server.snapshotsPath, 'moved'), { recursive: true })
  })

  test('places outside the snapshots folder are refused', async () => {
    const { client } = door
    const outside = await refusal(client.recoverSnapshot('c', { location: 'file:///etc/passwd' }))
    expect(outside.status).toBe(403)
    expect(outside.text).toContain('Forbidden: Snapshot file path must be inside the snapshots directory')
    const missing = await refusal(client.recoverSnapshot('c', { location: 'file:///no/such.snapshot' }))
    expect(missing).toEqual({
      status: 400,
      text: 'Bad request: Snapshot file "/no/such.snapshot" does not exist',
    })
    const { storagePath, snapshotsPath } = door.server
    for (const path of [
      `${storagePath}/no-such-file`,
      `${snapshotsPath}/c/%2E%2E%2F../storage/no-such-file`,
    ]) {
      const hidden = await refusal(client.recoverSnapshot('c', { location: `file://${path}` }))
      expect(hidden, path).toEqual({ status: 403, text: outside.text })
    }
    const besides = await refusal(client.recoverSnapshot('c', { location: `file://${storagePath}-besides` }))
    expect(besides.status).toBe(400)
    expect((await refusal(client.recoverSnapshot('c', { location: 'ftp://host/x' }))).status).toBe(400)
    expect((await fetch(url('/collections/c/snapshots/..%2F..%2Fetc%2Fpasswd'))).status).toBe(404)
  })

  test('a snapshot that does not fit an existing collection is refused and changes nothing', async () => {
    const { client } = door
    const made = (await client.createSnapshot('c'))!
    await client.deleteCollection('small')
    await client.createCollection('small', { vectors: { size: 2, distance: 'Dot' } })
    await client.upsert('small', { wait: true, points: [{ id: 1, vector: [1, 2] }] })
    const before = await contentHash(client, 'small')
    const refused = await refusal(
      client.recoverSnapshot('small', { location: pathToFileURL(snapshotFile('c', made.name)).href }),
    )
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('Snapshot is not compatible with existing collection')
    expect(await contentHash(client, 'small')).toBe(before)
  })

  test('wait=false answers 202, and the snapshot is there soon after', async () => {
    const before = (await door.client.listSnapshots('c')).length
    const answer = await fetch(url('/collections/c/snapshots?wait=false'), { method: 'POST' })
    expect(answer.status).toBe(202)
    await expect
      .poll(async () => (await door.client.listSnapshots('c')).length, { timeout: 10_000 })
      .toBe(before + 1)
  })
})

describe('damaged archives', () => {
  const clean = async () => {
    await door.client.deleteCollection('d')
    await fill(door.client, 'd', 1)
    const made = (await door.client.createSnapshot('d'))!
    return readFile(snapshotFile('d', made.name))
  }

  test('cut, flipped and extended archives are refused, name the entry, and leave nothing behind', async () => {
    const { client } = door
    const bytes = await clean()
    const before = await contentHash(client, 'd')
    await damage(client, 'd')
    const damaged = await contentHash(client, 'd')
    expect(damaged).not.toBe(before)
    const flipped = Uint8Array.from(bytes)
    flipped[Math.floor(bytes.length * 0.6)]! ^= 4
    const cases = {
      cut: bytes.subarray(0, bytes.length * 0.7),
      flipped,
      empty: new Uint8Array(0),
      noise: bytes.subarray(3),
      extended: Buffer.concat([bytes, Buffer.alloc(512, 1)]),
    }
    const segments = await tree(join(door.server.storagePath, 'segments'))
    for (const [name, body] of Object.entries(cases)) {
      for (const target of ['d', 'fresh']) {
        const answer = await upload(target, body)
        expect(answer.status, `${name} into ${target}: ${answer.text}`).toBeGreaterThanOrEqual(400)
        expect(JSON.parse(answer.text), name).toHaveProperty('status.error')
      }
    }
    expect(await contentHash(client, 'd')).toBe(damaged)
    expect(await client.collectionExists('fresh')).toEqual({ exists: false })
    expect(await tree(join(door.server.storagePath, 'segments'))).toEqual(segments)
  })
})

describe('full snapshots', () => {
  test('a full snapshot is one cut with aliases, and restores at the start of another server', async () => {
    const { client } = door
    for (const { name } of (await client.getCollections()).collections) await client.deleteCollection(name)
    await fill(client, 'one', 1)
    await fill(client, 'two', 2)
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: 'two', alias_name: 'alias-of-two' } }],
    })
    const hashes = [await contentHash(client, 'one'), await contentHash(client, 'two')]
    const made = await client.createFullSnapshot()
    expect(made.name).toMatch(/^full-snapshot-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.snapshot$/)
    expect((await client.listFullSnapshots()).map(({ name }) => name)).toEqual([made.name])
    const file = join(door.server.snapshotsPath, made.name)
    expect((await stat(file)).size).toBe(made.size)
    expect(sha256(await readFile(file))).toBe(made.checksum)
    const other = await startServer({ args: ['--storage-snapshot', file] })
    try {
      const restored = connect(other)
      expect([await contentHash(restored, 'one'), await contentHash(restored, 'two')]).toEqual(hashes)
      expect((await restored.count('alias-of-two')).count).toBe(total)
    } finally {
      await other.stop()
    }
    expect(await client.deleteFullSnapshot(made.name)).toBe(true)
    expect(await client.listFullSnapshots()).toEqual([])
  })
})

describe('virtual archives', () => {
  test('without files everything else works the same, straight from the segments', async () => {
    const server = await startServer({ env: { STILLPOINT__STORAGE__SNAPSHOTS_CONFIG__ARCHIVES: 'virtual' } })
    try {
      const client = connect(server)
      await fill(client, 'v')
      const before = await contentHash(client, 'v')
      const made = (await client.createSnapshot('v'))!
      expect((await client.listSnapshots('v')).map(({ name }) => name)).toEqual([made.name])
      const files = await tree(server.snapshotsPath).catch(() => [])
      expect(files.filter((name) => name.endsWith('.snapshot'))).toEqual([])
      const bytes = new Uint8Array(
        await (await fetch(`${server.url}/collections/v/snapshots/${made.name}`)).arrayBuffer(),
      )
      expect([bytes.byteLength, sha256(bytes)]).toEqual([made.size, made.checksum])
      await damage(client, 'v')
      await client.recoverSnapshot('v', {
        location: `${server.url}/collections/v/snapshots/${made.name}`,
        checksum: made.checksum!,
      })
      expect(await contentHash(client, 'v')).toBe(before)
      expect(await client.deleteSnapshot('v', made.name)).toBe(true)
    } finally {
      await server.stop()
    }
  })

  test('one that was made without its checksum is listed with the size of its download', async () => {
    const server = await startServer({ env: { STILLPOINT__STORAGE__SNAPSHOTS_CONFIG__ARCHIVES: 'virtual' } })
    try {
      const client = connect(server)
      await fill(client, 'v')
      const answer = await fetch(`${server.url}/collections/v/snapshots?checksum=false`, { method: 'POST' })
      const { result: made } = (await answer.json()) as { result: { name: string; checksum?: string } }
      expect(made.checksum).toBeUndefined()
      const [listed] = await client.listSnapshots('v')
      const download = await fetch(`${server.url}/collections/v/snapshots/${made.name}`)
      const { byteLength } = await download.arrayBuffer()
      expect(byteLength).toBeGreaterThan(0)
      expect(listed).toMatchObject({ name: made.name, size: byteLength })
    } finally {
      await server.stop()
    }
  })
})

describe('a disaster', () => {
  const homes: string[] = []
  afterAll(async () => {
    for (const home of homes) await rm(home, { recursive: true, force: true })
  })

  test('kill -9 after damage, restart, recover: everything is back, also after another kill', async () => {
    const home = join(door.server.home, 'disaster')
    await mkdir(home, { recursive: true })
    homes.push(home)
    let server = await startServer({ home })
    let client = connect(server)
    await fill(client, 'c')
    const before = await contentHash(client, 'c')
    const made = (await client.createSnapshot('c'))!
    await damage(client, 'c')
    const damaged = await contentHash(client, 'c')
    await server.kill()
    await writeFile(join(home, 'marker'), 'killed')
    server = await startServer({ home })
    client = connect(server)
    expect(await contentHash(client, 'c')).toBe(damaged)
    await client.recoverSnapshot('c', {
      location: pathToFileURL(join(server.snapshotsPath, 'c', made.name)).href,
    })
    expect(await contentHash(client, 'c')).toBe(before)
    await server.kill()
    server = await startServer({ home })
    client = connect(server)
    expect(await contentHash(client, 'c')).toBe(before)
    await server.stop()
  })
})
