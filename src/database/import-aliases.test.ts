import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { open } from './open.ts'

test('an import whose alias has become the name of a collection meanwhile is refused, now and on replay', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const source = await db.createCollection('source', { vectors: {} })
  await source.upsert([{ id: 1 }])
  await db.updateAliases([{ kind: 'create', alias: 'name', collection: 'source' }])
  const snapshot = await db.createSnapshot({ name: 's' })
  await using archive = await snapshot.archive()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive.stream()) chunks.push(chunk)
  await db.updateAliases([{ kind: 'delete', alias: 'name' }])
  await source.upsert([{ id: 2 }])
  // All checks have been made when the archive's last byte arrives.
  async function* slowly(): AsyncIterable<Uint8Array> {
    yield* chunks
    await db.createCollection('name', { vectors: {} })
  }
  await expect(db.restoreStoreArchive(slowly(), { replace: true })).rejects.toMatchObject({
    code: 'alias-exists',
  })
  expect(db.getCollection('name').name).toBe('name')
  expect(await source.count()).toBe(2)
  await db.close()
  const again = await openQuietly(open, disk, 2)
  expect(again.getCollection('name').name).toBe('name')
  expect(again.listAliases()).toEqual([])
  expect(await again.getCollection('source').count()).toBe(2)
  await again.close()
})
