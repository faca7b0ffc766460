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
