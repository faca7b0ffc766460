import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createInlineBuilder, createWorkerBuilder } from '../../src/segment/segment-builder.ts'
import { openLocalObjectStore } from '../../src/storage/local-object-store.ts'
import { MemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { nodeDisk } from '../../src/storage/node-disk.ts'
import { segmentSuite } from './segment.suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-segments-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const entry = new URL('../support/build-worker.mjs', import.meta.url)
let stores = 0
const createLocalStore = () => openLocalObjectStore({ disk: nodeDisk, root: join(folder, String(stores++)) })

segmentSuite('segments built on the calling thread, in memory', {
  createStore: async () => new MemoryObjectStore(),
  createBuilder: createInlineBuilder,
})
segmentSuite('segments built in one worker, in memory', {
  createStore: async () => new MemoryObjectStore(),
  createBuilder: () => createWorkerBuilder(1, { entry }),
})
segmentSuite('segments built in two workers, in a folder', {
  createStore: createLocalStore,
  createBuilder: () => createWorkerBuilder(2, { entry }),
})
