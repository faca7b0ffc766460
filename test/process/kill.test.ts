import { mkdir, readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { call, download, rest, type SnapshotDescription } from '../support/qdrant-rest.ts'
import { startServer, temporaryFolder, type ServerProcess } from '../support/server-process.ts'

// Goal: nothing that was acknowledged is lost by `kill -9`, and nothing that was not is there by half.
// Method: every writer has ids of its own and does one operation after the other; operation n of a writer is always the
// same. Whatever a reader or a snapshot sees of a writer must therefore be the outcome of its first m operations, with
// m no less than what had been acknowledged.

const rounds = 20
const writers = 4
const path = '/collections/load'
const seed = Number(process.env['STILLPOINT_TEST_SEED'] ?? 20_261)

type Operation = { readonly put: number; readonly n: number } | { readonly remove: number }

/** The n-th operation of a writer: new ids, every fifth time an older one again, every seventh time a removal. */
function operation(writer: number, n: number): Operation {
  const id = (k: number) => writer * 1_000_000 + k
  if (n % 7 === 0) return { remove: id(n - 3) }
  return { put: id(n % 5 === 0 ? n - 2 : n), n }
}

/** What a writer's points look like after its first `count` operations: `n` by id. */
class Prefixes {
  readonly #writer: number
  readonly #points = new Map<number, number>()
  #count = 0

  constructor(writer: number) {
    this.#writer = writer
  }

  /** Steps from `from` to `to` operations and says whether one of these states is `seen`. */
  hasState(seen: ReadonlyMap<number, number>, from: number, to: number): boolean {
    while (this.#count < from) this.#step()
    for (;;) {
      if (sameEntries(this.#points, seen)) return true
      if (this.#count >= to) return false
      this.#step()
    }
  }

  #step(): void {
    const next = operation(this.#writer, ++this.#count)
    if ('put' in next) this.#points.set(next.put, next.n)
    else this.#points.delete(next.remove)
  }
}

function sameEntries(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  return a.size === b.size && [...a].every(([id, n]) => b.get(id) === n)
}

class Load {
  /** Operations that were acknowledged, by writer. */
  readonly done = Array<number>(writers).fill(0)
  /** Acknowledged snapshots: how many operations of each writer had been acknowledged when it was asked for. */
  readonly snapshots = new Map<string, readonly number[]>()
  #acknowledged = 0

  /** Writes and takes snapshots until the server is killed after `limit` acknowledgements. */
  async run(server: ServerProcess, limit: number): Promise<void> {
    this.#acknowledged = 0
    const count = () => {
      if (++this.#acknowledged === limit) server.process.kill('SIGKILL')
    }
    const tasks = this.done.map((_, writer) => this.#write(server, writer, count))
    await Promise.all([...tasks, this.#takeSnapshots(server, count)])
    await server.ended
  }

  async #write(server: ServerProcess, writer: number, count: () => void): Promise<void> {
    for (;;) {
      const next = operation(writer, (this.done[writer] ?? 0) + 1)
      const answer = await (
        'put' in next
          ? rest(server.url, 'PUT', `${path}/points?wait=true`, { points: [pointOf(next.put, next.n)] })
          : rest(server.url, 'POST', `${path}/points/delete?wait=true`, { points: [next.remove] })
      ).catch(() => undefined)
      // Without an answer the operation may have happened or not; the next round finds out.
      if (answer === undefined) return
      expect(answer).toMatchObject({ status: 200 })
      this.done[writer] = (this.done[writer] ?? 0) + 1
      count()
    }
  }

  async #takeSnapshots(server: ServerProcess, count: () => void): Promise<void> {
    for (;;) {
      const before = [...this.done]
      const answer = await rest(server.url, 'POST', `${path}/snapshots`).catch(() => undefined)
      if (answer === undefined) return
      expect(answer).toMatchObject({ status: 200 })
      this.snapshots.set((answer.json?.result as SnapshotDescription).name, before)
      count()
    }
  }
}

function pointOf(id: number, n: number): unknown {
  return { id, vector: [n % 97, 1, 0 - (n % 13), 0.5], payload: { n } }
}

/** `n` by id, for each writer. */
async function readPoints(url: string, collection: string): Promise<readonly Map<number, number>[]> {
  type Page = { points: { id: number; payload: { n: number }; vector: number[] }[] }
  const body = { limit: 1_000_000, with_payload: true, with_vector: true }
  const { points } = await call<Page>(url, 'POST', `/collections/${collection}/points/scroll`, body)
  const byWriter = Array.from({ length: writers }, () => new Map<number, number>())
  for (const point of points) {
    expect(point).toEqual(pointOf(point.id, point.payload.n))
    byWriter[Math.floor(point.id / 1_000_000)]?.set(point.id, point.payload.n)
  }
  return byWriter
}

/** After a kill one operation of each writer may have happened without an acknowledgement: it counts from now on. */
async function checkPoints(server: ServerProcess, load: Load): Promise<void> {
  const seen = await readPoints(server.url, 'load')
  for (const [writer, done] of load.done.entries()) {
    const points = seen[writer] ?? new Map<number, number>()
    if (new Prefixes(writer).hasState(points, done, done)) continue
    expect(
      new Prefixes(writer).hasState(points, done + 1, done + 1),
      `writer ${writer} after ${done} operations`,
    ).toBe(true)
    load.done[writer] = done + 1
  }
}

async function checkSnapshots(server: ServerProcess, load: Load, checked: Set<string>): Promise<void> {
  const listed = await call<SnapshotDescription[]>(server.url, 'GET', `${path}/snapshots`)
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining([...load.snapshots.keys()]))
  for (const { name, checksum, size } of listed) {
    if (checked.has(name)) continue
    const { bytes, sha256 } = await download(server.url, `${path}/snapshots/${name}`)
    // One that was not acknowledged may be there whole, but without its checksum.
    const stated = checksum ?? (load.snapshots.has(name) ? 'none' : sha256)
    expect({ name, sha256, size: bytes.length }).toEqual({ name, sha256: stated, size })
    checked.add(name)
  }
  const files = await readdir(server.snapshotsPath, { recursive: true, withFileTypes: true })
  const leftovers = files.filter((entry) => entry.isFile() && !/\.snapshot(\.checksum)?$/.test(entry.name))
  expect(leftovers.map(({ name }) => name)).toEqual([])
}

/** Restores the newest acknowledged snapshot beside the collection: it holds a prefix of each writer's operations. */
async function checkRestore(server: ServerProcess, load: Load): Promise<void> {
  const [name, before] = [...load.snapshots].at(-1) ?? []
  if (name === undefined || before === undefined) return
  const location = `file://${server.snapshotsPath}/load/${name}`
  await call(server.url, 'PUT', '/collections/copy/snapshots/recover?wait=true', { location })
  const seen = await readPoints(server.url, 'copy')
  for (const [writer, points] of seen.entries()) {
    const found = new Prefixes(writer).hasState(points, before[writer] ?? 0, load.done[writer] ?? 0)
    expect(found, `writer ${writer} in ${name}`).toBe(true)
  }
  await call(server.url, 'DELETE', '/collections/copy')
}

function limitOf(random: Random): number {
  return 5 + Math.floor(random.next() * 120)
}

test(`kill -9 loses nothing that was acknowledged (seed ${seed})`, { timeout: 300_000 }, async () => {
  const random = seededRandom(seed)
  const home = await temporaryFolder()
  const load = new Load()
  const checked = new Set<string>()
  let server = await startServer({ home })
  await mkdir(server.snapshotsPath, { recursive: true })
  await call(server.url, 'PUT', path, { vectors: { size: 4, distance: 'Dot' } })
  for (let round = 0; round < rounds; round++) {
    await load.run(server, limitOf(random))
    server = await startServer({ home })
    await checkPoints(server, load)
    await checkSnapshots(server, load, checked)
    await checkRestore(server, load)
  }
  expect(load.snapshots.size).toBeGreaterThan(0)
  await server.stop()
})
