import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLocalObjectStore, type LocalObjectStore } from './local-object-store.ts'
import { MemoryObjectStore } from './memory-object-store.ts'
import { nodeDisk } from './node-disk.ts'
import { VerifiedObjects } from './verified-objects.ts'

const key = 'segments/a/rows.parquet'
const stated = { bytes: 4, sha256: 'aa' }
const content = Uint8Array.from([1, 2, 3, 4])

let root: string
let path: string
let store: LocalObjectStore
let verified: VerifiedObjects

beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'stillpoint-verified-'))
  path = join(root, key)
  store = await openLocalObjectStore({ disk: nodeDisk, root })
  verified = new VerifiedObjects(store)
  await store.put(key, content)
  await verified.written(key, stated)
})

afterEach(() => fs.rm(root, { recursive: true, force: true }))

const isKnown = (): Promise<boolean> => verified.isKnown(key, stated)

test('what was written is known until somebody touches it', async () => {
  expect(await isKnown()).toBe(true)
  expect(await isKnown()).toBe(true)
  await fs.readFile(path)
  expect(await isKnown()).toBe(true)
})

test('only what was hashed is known, and only as what it was hashed', async () => {
  expect(await verified.isKnown('segments/b/rows.parquet', stated)).toBe(false)
  expect(await verified.isKnown(key, { ...stated, sha256: 'bb' })).toBe(false)
  expect(await verified.isKnown(key, { ...stated, bytes: 5 })).toBe(false)
  expect(await isKnown()).toBe(true)
})

describe('no longer known is', () => {
  /** A clock of the file system may stand still for some milliseconds. */
  const later = new Date(Date.UTC(2030, 0, 1))

  const touches: Record<string, () => Promise<unknown>> = {
    'a file that was written to': async () => {
      await fs.writeFile(path, Uint8Array.from([1, 2, 3, 5]))
      await fs.utimes(path, later, later)
    },
    'a file with another time': () => fs.utimes(path, later, later),
    'a file that was cut': () => fs.truncate(path, 3),
    'a file that was made longer': () => fs.appendFile(path, 'x'),
    'a file that another one was renamed over, its times set back': async () => {
      const { atime, mtime } = await fs.stat(path)
      await fs.writeFile(`${path}.new`, content)
      await fs.utimes(`${path}.new`, atime, mtime)
      await fs.rename(`${path}.new`, path)
    },
    'a file that is gone': () => fs.rm(path),
    'a file in whose place there is a folder': async () => {
      await fs.rm(path)
      await fs.mkdir(path)
    },
  }
  for (const [name, touch] of Object.entries(touches)) {
    test(name, async () => {
      await touch()
      expect(await isKnown()).toBe(false)
      expect(verified.size).toBe(0)
    })
  }

  test('a file whose bytes were changed and whose time was set back', async () => {
    const whole = new Date(Date.UTC(2020, 0, 1))
    await fs.utimes(path, whole, whole)
    await verified.written(key, stated)
    const { ctimeMs } = await fs.stat(path)
    // Until the clock of the file system has gone on: this is about what it says then.
    for (let now = ctimeMs; now === ctimeMs; now = (await fs.stat(path)).ctimeMs) {
      await fs.writeFile(path, Uint8Array.from([4, 3, 2, 1]))
      await fs.utimes(path, whole, whole)
    }
    expect((await fs.stat(path)).mtimeMs).toBe(whole.getTime())
    expect(await isKnown()).toBe(false)
  })

  test('what is forgotten', async () => {
    verified.forget([key])
    expect(await isKnown()).toBe(false)
  })

  test('anything, in another opening', async () => {
    expect(await new VerifiedObjects(store).isKnown(key, stated)).toBe(false)
  })
})

describe('what was read', () => {
  beforeEach(() => verified.forget([key]))

  test('is known from then on', async () => {
    await verified.read((await store.head(key))!, stated)
    expect(await isKnown()).toBe(true)
  })

  test('is not, if it changed meanwhile', async () => {
    const before = (await store.head(key))!
    await store.put(key, content)
    await verified.read(before, stated)
    expect(await isKnown()).toBe(false)
  })

  test('is not, if it is gone by now or of another length', async () => {
    const before = (await store.head(key))!
    await verified.read(before, { ...stated, bytes: 5 })
    expect(verified.size).toBe(0)
    await store.delete([key])
    await verified.read(before, stated)
    expect(verified.size).toBe(0)
  })
})

test('a store that cannot tell is read each time', async () => {
  const memory = new MemoryObjectStore()
  const nothing = new VerifiedObjects(memory)
  await memory.put(key, content)
  await nothing.written(key, stated)
  await nothing.read((await memory.head(key))!, stated)
  expect(nothing.size).toBe(0)
  expect(await nothing.isKnown(key, stated)).toBe(false)
})

test('an object that cannot be looked at is not known, and no failure', async () => {
  let fails = false
  const failing = new VerifiedObjects({
    head: (one) => (fails ? Promise.reject(new Error('EIO')) : store.head(one)),
  })
  await failing.written(key, stated)
  expect(await failing.isKnown(key, stated)).toBe(true)
  fails = true
  expect(await failing.isKnown(key, stated)).toBe(false)
  await failing.written(key, stated)
  expect(failing.size).toBe(0)
})
