import { expect, test } from 'vitest'
import { failing, intercepted, type DiskOperation } from '../../test/support/disk-faults.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { openLocalObjectStore } from './local-object-store.ts'

const root = '/store'

test('empties its staging folder when it is opened', async () => {
  const disk = new SimulatedDisk()
  await disk.makeDirectory(`${root}/tmp`)
  await disk.create(`${root}/tmp/left-behind`)
  await openLocalObjectStore({ disk, root })
  expect(disk.paths()).toEqual([])
})

test('leaves no empty folders behind, but keeps the root', async () => {
  const disk = new SimulatedDisk()
  const store = await openLocalObjectStore({ disk, root })
  await store.put('a/b/c/d', new Uint8Array(1))
  await store.put('a/x', new Uint8Array(1))
  await store.delete(['a/b/c/d'])
  expect((await disk.list(`${root}/a`)).map((entry) => entry.name)).toEqual(['x'])
  await store.delete(['a/x'])
  expect((await disk.list(root)).map((entry) => entry.name)).toEqual(['tmp'])
})

test('does not take other files of its directory for objects', async () => {
  const disk = new SimulatedDisk()
  const store = await openLocalObjectStore({ disk, root })
  await disk.makeDirectory(`${root}/log`)
  await disk.create(`${root}/log/00000000000000000001.log`)
  await disk.create(`${root}/lock.1`)
  await store.put('a/b', new Uint8Array(1))
  expect((await store.list('')).map(({ key }) => key)).toEqual(['a/b'])
})

const writes: readonly DiskOperation[] = [
  'create',
  'write',
  'sync',
  'makeDirectory',
  'rename',
  'syncDirectory',
]
test.each(writes)('a put whose %s fails says so and leaves nothing half done', async (operation) => {
  const disk = new SimulatedDisk()
  let isFailing = false
  const faulty = failing(disk, (actual) => isFailing && actual === operation, 'ENOSPC')
  const store = await openLocalObjectStore({ disk: faulty, root })
  await store.put('a/b', new Uint8Array([1]))
  isFailing = true
  await expect(store.put('c/d', new Uint8Array(2000))).rejects.toMatchObject({
    code: 'write-failed',
    details: { key: 'c/d', system: 'ENOSPC' },
  })
  isFailing = false
  expect(await disk.list(`${root}/tmp`)).toEqual([])
  expect([...(await store.get('a/b'))]).toEqual([1])
  await store.put('c/d', new Uint8Array([2]))
  expect([...(await store.get('c/d'))]).toEqual([2])
})

test('a disk that cannot be read is told apart from a missing object', async () => {
  const disk = failing(
    new SimulatedDisk(),
    (operation) => operation === 'readFile' || operation === 'readRange',
    'EMFILE',
  )
  const store = await openLocalObjectStore({ disk, root })
  await store.put('a/b', new Uint8Array([1]))
  await expect(store.get('a/b')).rejects.toMatchObject({ code: 'read-failed', details: { system: 'EMFILE' } })
  await expect(store.getRange('a/b', 0, 1)).rejects.toMatchObject({ code: 'read-failed' })
})

test('a large object goes to the disk in steps, each synced', async () => {
  const operations: string[] = []
  const disk = intercepted(new SimulatedDisk(), (operation, _path, proceed) => {
    operations.push(operation)
    return proceed()
  })
  const store = await openLocalObjectStore({ disk, root })
  operations.length = 0
  await store.put('a/b', new Uint8Array(70 * 2 ** 20))
  expect(operations.filter((operation) => operation === 'write')).toHaveLength(3)
  expect(operations.filter((operation) => operation === 'sync')).toHaveLength(3)
})

/** A store whose disk tells what is done to it, and fails the write or sync of the given number. */
async function watchedStore(failing?: { readonly operation: DiskOperation; readonly number: number }) {
  const done: string[] = []
  let isWatching = false
  const simulated = new SimulatedDisk()
  const disk = intercepted(simulated, async (operation, _path, proceed) => {
    if (isWatching) done.push(operation)
    const count = done.filter((one) => one === operation).length
    if (operation === failing?.operation && count === failing.number)
      throw Object.assign(new Error('the device fails'), { code: 'EIO' })
    return proceed()
  })
  const store = await openLocalObjectStore({ disk, root })
  isWatching = true
  return { store, done, simulated }
}

/** Parts of unequal lengths, each with numbers of its own. */
const unequalParts = (count: number, step: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(1 + (index % 7) * step).fill(index + 1))

async function* given(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part
}

test('parts that stay go to the disk in groups, in their order', async () => {
  for (const [count, step, writesMax] of [
    [300, 10, 3],
    [40, 300_000, 12],
    [1, 5_000_000, 1],
    [0, 0, 0],
  ] as const) {
    const { store, done } = await watchedStore()
    const parts = unequalParts(count, step)
    const { bytes } = await store.put('a/b', given(parts), { partsStay: true })
    expect(bytes).toBe(Buffer.concat(parts).length)
    expect(Buffer.compare(await store.get('a/b'), Buffer.concat(parts))).toBe(0)
    expect(done.filter((one) => one === 'write').length).toBeLessThanOrEqual(writesMax)
  }
})

test('other parts are written before the next one is asked for, as their memory may be used again', async () => {
  const { store } = await watchedStore()
  const memory = new Uint8Array(3)
  async function* reused(): AsyncGenerator<Uint8Array> {
    for (let number = 0; number < 4; number++) yield memory.fill(number)
  }
  await store.put('a/b', reused())
  expect([...(await store.get('a/b'))]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
})

test.each([
  { operation: 'write', number: 2 },
  { operation: 'sync', number: 1 },
  { operation: 'sync', number: 2 },
  { operation: 'sync', number: 3 },
] as const)('a body of groups whose $operation $number fails leaves nothing', async (failing) => {
  const { store, simulated } = await watchedStore(failing)
  const body = given(Array.from({ length: 10 }, () => new Uint8Array(7 * 2 ** 20)))
  await expect(store.put('a/b', body, { partsStay: true })).rejects.toMatchObject({
    code: 'write-failed',
    details: { key: 'a/b', system: 'EIO' },
  })
  expect(simulated.paths()).toEqual([])
})

test('a body that fails behind parts of a group leaves nothing', async () => {
  const { store, simulated } = await watchedStore()
  async function* failingBody(): AsyncGenerator<Uint8Array> {
    yield* given(unequalParts(200, 10))
    throw new Error('no more')
  }
  await expect(store.put('a/b', failingBody(), { partsStay: true })).rejects.toThrow('no more')
  expect(simulated.paths()).toEqual([])
})
