import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readLogArchive } from '../../../test/support/qdrant-log.ts'
import { open } from '../../index.ts'
import { main } from '../main.ts'

let folder: string
const at = (name: string): string => join(folder, name)

/** The command line within this process, on the store in the folder. */
async function exportQdrant(...words: readonly string[]) {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      texts[name] += Buffer.from(chunk as Uint8Array).toString()
      return true
    })
  }
  try {
    const code = await main(['export', 'qdrant', ...words, '--storage-path', at('store')])
    return { code, ...texts }
  } finally {
    vi.restoreAllMocks()
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-export-cli-'))
  await using db = await open(at('store'), { workers: 0, background: false })
  const plants = await db.createCollection('plants', { vectors: { '': { size: 1, distance: 'Dot' } } })
  await plants.upsert([
    { id: 1, vectors: { '': [1] } },
    { id: 2, vectors: { '': [2] } },
  ])
  await plants.createSnapshot({ name: 'monday' })
  await plants.upsert([{ id: 3, vectors: { '': [3] } }])
  await plants.createPartition('north')
  await db.createCollection('sets', { vectors: { bits: { size: 8, distance: 'Jaccard' } } })
})

afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

const idsIn = async (name: string) => readLogArchive(await readFile(at(name))).points.map(({ id }) => id)

describe('stillpoint export qdrant', () => {
  test('saves a collection as it is, and as a snapshot holds it', async () => {
    const { code, stdout, stderr } = await exportQdrant('plants', at('now'))
    expect({ code, stderr }).toEqual({ code: undefined, stderr: '' })
    expect(stdout).toMatch(/^saved \S+ \(3 points, \d+\.\d+ KiB\)\n$/)
    expect(await idsIn('now')).toEqual([1, 2, 3])
    const then = await exportQdrant('plants@monday', at('then'), '--json')
    expect(JSON.parse(then.stdout)).toMatchObject({ file: at('then'), points: 2 })
    expect(await idsIn('then')).toEqual([1, 2])
    expect((await exportQdrant('plants', at('part'), '--partition', 'north')).code).toBeUndefined()
    expect(await idsIn('part')).toEqual([])
  })

  test('replaces a file only with --force', async () => {
    await writeFile(at('mine'), 'mine')
    expect(await exportQdrant('plants', at('mine'))).toMatchObject({
      code: 1,
      stderr: `error: Cannot write ${at('mine')}: it exists (--force replaces it)\n`,
    })
    expect(await readFile(at('mine'), 'utf8')).toBe('mine')
    expect((await exportQdrant('plants', at('mine'), '--force')).code).toBeUndefined()
    expect(await idsIn('mine')).toEqual([1, 2, 3])
  })

  test.each([
    ['sets', 'vector "bits" has the distance Jaccard'],
    ['none', 'collection-not-found'],
    ['plants@none', 'snapshot-not-found'],
  ])('%s: %s, and nothing is left behind', async (reference, why) => {
    const before = await readdir(folder)
    const { code, stderr } = await exportQdrant(reference, at('new'))
    expect(code).toBe(1)
    expect(stderr).toContain(why)
    expect(await readdir(folder)).toEqual(before)
  })

  test('a folder that is not there', async () => {
    const { code, stderr } = await exportQdrant('plants', at('no/new'))
    expect(code).toBe(1)
    expect(stderr).toContain('ENOENT')
  })

  test('Ctrl-C leaves what was there', async () => {
    await writeFile(at('old'), 'old')
    const before = await readdir(folder)
    process.once('SIGINT', () => undefined)
    const running = exportQdrant('plants', at('old'), '--force')
    const stop = setInterval(() => process.emit('SIGINT'), 1)
    const { code, stderr } = await running
    clearInterval(stop)
    expect(code).toBe(130)
    expect(stderr).toContain('Interrupted')
    expect(await readFile(at('old'), 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(before)
  })
})
