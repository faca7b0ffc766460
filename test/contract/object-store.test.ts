import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openLocalObjectStore } from '../../src/storage/local-object-store.ts'
import { MemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { nodeDisk } from '../../src/storage/node-disk.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { objectStoreSuite } from './object-store.suite.ts'

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

objectStoreSuite('in memory', async () => new MemoryObjectStore())

objectStoreSuite('local, on a simulated disk', () =>
  openLocalObjectStore({ disk: new SimulatedDisk(), root: '/data/store' }),
)

objectStoreSuite('local, on a real disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'object-store-'))
  folders.push(folder)
  return openLocalObjectStore({ disk: nodeDisk, root: `${folder}/store` })
})
