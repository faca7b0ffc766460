import { expect, test } from 'vitest'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { openLocalObjectStore } from '../storage/local-object-store.ts'
import { VerifiedObjects } from '../storage/verified-objects.ts'
import { collectGarbage } from './collect-garbage.ts'

test('what is deleted is no longer known as verified', async () => {
  const store = await openLocalObjectStore({ disk: new SimulatedDisk(), root: '/store' })
  const verified = new VerifiedObjects(store)
  const keys = ['segments/a/rows.parquet', 'segments/b/rows.parquet']
  const stated = { bytes: 3, sha256: 'aa' }
  for (const key of keys) {
    await store.put(key, new Uint8Array(3))
    await verified.written(key, stated)
  }
  const roots = { keys: new Set([keys[0]!]), prefixes: [] }
  expect(await collectGarbage(store, async () => roots, verified)).toEqual({
    deletedObjects: 1,
    deletedBytes: 3,
  })
  expect(verified.size).toBe(1)
  expect(await verified.isKnown(keys[0]!, stated)).toBe(true)
})
