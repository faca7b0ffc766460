import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { collect } from '../../../test/support/archives.ts'
import { open, parseEncryptionKey, type Archive } from '../../index.ts'
import { main } from '../main.ts'

let folder: string
const at = (name: string): string => join(folder, name)

interface Ran {
  readonly code: number | undefined
  readonly stdout: Buffer
  readonly stderr: string
}

/** The command line within this process; a word that begins with @ is a file of the folder. */
async function stillpoint(line: string): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  const into = (parts: Buffer[]) => (chunk: string | Uint8Array) => {
    parts.push(Buffer.from(chunk as Uint8Array))
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(into(out))
  vi.spyOn(process.stderr, 'write').mockImplementation(into(err))
  try {
    const code = await main(line.split(' ').map((word) => (word.startsWith('@') ? at(word.slice(1)) : word)))
    return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }
  } finally {
    vi.restoreAllMocks()
  }
}

async function told<T>(line: string): Promise<T> {
  const { code, stdout, stderr } = await stillpoint(line)
  expect(stderr).toBe('')
  expect(code).toBeUndefined()
  return JSON.parse(stdout.toString()) as T
}

async function save(name: string, archive: Archive): Promise<void> {
  await writeFile(at(name), await collect(archive.stream()))
  archive.close()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-archive-cli-'))
  await stillpoint('archive keygen encryption @key')
  await stillpoint('archive keygen signing @sign')
  await stillpoint('archive keygen signing @other')
  await writeFile(at('words'), 'open sesame\n')
  await using db = await open(at('store'), { workers: 0, background: false })
  const points = await db.createCollection('points', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await points.upsert([
    { id: 1, vectors: { '': [1, 2] }, payload: { city: 'Bern' } },
    { id: 2, vectors: { '': [3, 4] } },
  ])
  const base = await points.createSnapshot({ name: 'base' })
  await save('base', await base.archive())
  await points.upsert([{ id: 3, vectors: { '': [5, 6] } }])
  const next = await points.createSnapshot({ name: 'next', labels: { env: 'prod' } })
  const key = parseEncryptionKey(await readFile(at('key'), 'utf8'))
  const sign = await readFile(at('sign'), 'utf8')
  await save('next', await next.archive({ since: 'base', sign, encrypt: { key } }))
  await save('worded', await base.archive({ encrypt: { passphrase: 'open sesame' } }))
})

afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

const whole = '@next --key-file @key --trusted-key @other.pub --trusted-key @sign.pub'

describe('stillpoint archive', () => {
  test('keygen writes what only its owner can read, and replaces nothing', async () => {
    for (const name of ['key', 'sign', 'sign.pub']) expect((await stat(at(name))).mode & 0o777).toBe(0o600)
    const before = await readFile(at('key'))
    const again = await stillpoint('archive keygen encryption @key')
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('EEXIST') })
    expect(await readFile(at('key'))).toEqual(before)
  })

  test('inspect', async () => {
    const { stdout } = await stillpoint(`archive inspect ${whole}`)
    const text = stdout.toString()
    expect(text).toMatch(/^encrypted +by the key [0-9a-f]{32}$/m)
    expect(text).toMatch(/^signed +by the key [0-9a-f]{32} \(trusted\)$/m)
    expect(text).toMatch(/^labels +env=prod$/m)
    expect(text).toMatch(/^base +base \([0-9a-f-]{36}\)$/m)
    expect(text).toMatch(/^points +3 +1 +2 +2 Dot$/m)
    const unopened = await stillpoint('archive inspect @next')
    expect(unopened.stdout.toString()).toContain('Its content takes the key')
    const json = await told<{ content: { signature: object } }>(`archive inspect ${whole} --json`)
    expect(json.content.signature).toMatchObject({ isTrusted: true })
    const doubted = await stillpoint('archive inspect @next --key-file @key --trusted-key @other.pub')
    expect(doubted.stdout.toString()).toContain('(NOT TRUSTED)')
  })

  test('ls and cat', async () => {
    const entries = await told<{ name: string; offset: number | null }[]>(`archive ls ${whole} --json`)
    expect(entries.map(({ name }) => name).slice(0, 2)).toEqual(['manifest.json', 'manifest.sig'])
    expect(entries.some(({ offset }) => offset === null)).toBe(true)
    const table = (await stillpoint('archive ls @base')).stdout.toString()
    expect(table).toMatch(/^ *BYTES +OFFSET +SHA-256 +NAME$/m)
    const manifest = await stillpoint('archive cat @base manifest.json')
    expect(JSON.parse(manifest.stdout.toString())).toMatchObject({ snapshot: { name: 'base' } })
    expect((await stillpoint('archive cat @base nothing')).stderr).toContain('there is none of this name')
    expect((await stillpoint('archive cat @base')).code).toBe(2)
  })

  test('cat --points', async () => {
    const { stdout } = await stillpoint(`archive cat ${whole} --base @base --points`)
    const points = stdout.toString().trim().split('\n')
    expect(points.map((line) => JSON.parse(line) as unknown)).toEqual([
      { id: 1, payload: { city: 'Bern' }, vectors: { '': [1, 2] } },
      { id: 2, payload: {}, vectors: { '': [3, 4] } },
      { id: 3, payload: {}, vectors: { '': [5, 6] } },
    ])
    const alone = await stillpoint(`archive cat ${whole} --points`)
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('archive-base-missing') })
  })

  test('verify', async () => {
    const alone = await stillpoint(`archive verify ${whole}`)
    expect(alone.code).toBeUndefined()
    expect(alone.stdout.toString()).toMatch(/^ok: \d+ entries, .* left to the base, which was not given$/m)
    expect(await told(`archive verify ${whole} --base @base --json`)).toMatchObject({
      ok: true,
      unchecked: 0,
    })
    expect(await told('archive verify @worded --passphrase-file @words --json')).toMatchObject({ ok: true })
  })

  test('verify of a damaged archive fails and names the entry', async () => {
    const entries = await told<{ name: string; offset: number }[]>('archive ls @base --json')
    const { name, offset } = entries.find((entry) => entry.name.endsWith('rows.parquet'))!
    const bytes = await readFile(at('base'))
    bytes[offset + 10]! ^= 1
    await writeFile(at('damaged'), bytes)
    const { code, stdout, stderr } = await stillpoint('archive verify @damaged')
    expect(code).toBe(1)
    expect(stderr).toContain(`The archive is damaged: ${name}: its SHA-256 is`)
    expect(stdout.toString()).toContain('DAMAGED')
    await writeFile(at('cut'), bytes.subarray(0, offset))
    expect(await stillpoint('archive verify @cut')).toMatchObject({ code: 1 })
  })

  test.each([
    ['@next', 'archive-key-wrong'],
    ['@next --passphrase-file @words', 'archive-key-wrong'],
    ['@base --key-file @key', 'archive-key-wrong'],
    ['@base --trusted-key @sign.pub', 'archive-untrusted'],
    ['@next --key-file @key --trusted-key @other.pub', 'archive-untrusted'],
    ['@nothing', 'archive-not-found'],
    ['@next --key-file @sign', 'request-invalid'],
    ['@next --key-file @nothing', 'ENOENT'],
    ['@next --key-file @next', 'Cannot use the encryption key'],
  ])('verify %s: %s', async (line, why) => {
    const { code, stderr } = await stillpoint(`archive verify ${line}`)
    expect(code).toBe(1)
    expect(stderr).toContain(why)
  })

  test('a key and a passphrase are one too many', async () => {
    expect((await stillpoint('archive verify @next --key-file @key --passphrase-file @words')).code).toBe(2)
  })

  test('Ctrl-C cancels', async () => {
    process.once('SIGINT', () => undefined)
    const running = stillpoint('archive verify @base')
    await new Promise((resolve) => setImmediate(resolve))
    process.emit('SIGINT')
    expect(await running).toMatchObject({ code: 130, stderr: 'error: It was cancelled\n' })
  })
})
