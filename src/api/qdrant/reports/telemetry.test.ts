import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, type Database } from '../../../index.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { openDoor, type Door } from '../door.ts'
import { Rights, type Grant } from '../rights/rights.ts'
import { telemetry } from './telemetry.ts'

let folder: string
let database: Database
let door: Door

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-telemetry-'))
  database = await open(folder, { workers: 0, background: false })
  door = openDoor({
    database,
    archives: database.archiveFolder(join(folder, 'snapshots')),
    archivesMode: 'virtual',
    clock: systemClock,
    version: '1.19.0',
    allowUrlRecovery: false,
    download: () => Promise.reject(new Error('nothing is downloaded')),
    snapshotsPath: join(folder, 'snapshots'),
    maxRequestBytes: 1_000,
    readiness: () => true,
  })
  for (const name of ['mine', 'theirs']) {
    await database.createCollection(name, { vectors: { '': { size: 2, distance: 'Dot' } } })
    const endpoint = 'POST /collections/{collection_name}/points/query'
    const counted = { endpoint, status: 200, durationMicros: 10, at: 0, collection: name }
    door.service.requests.record('rest', counted)
  }
})

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

const asked = { level: 4, isAnonymous: false, perCollection: true }

test('who may see one collection learns nothing of the others, nor of the whole server', () => {
  const grant: Grant = { scope: 'collections', modes: new Map([['mine', 'r']]) }
  const seen = telemetry(door, { ...asked, rights: new Rights(grant, () => true) })
  expect(seen['collections']).toMatchObject({ number_of_collections: 1, collections: [{ id: 'mine' }] })
  expect(Object.keys(seen).sort()).toEqual(['app', 'cluster', 'collections', 'id'])
  expect(JSON.stringify(seen)).not.toContain('theirs')
})

test('who may see everything does', () => {
  const seen = telemetry(door, { ...asked, rights: Rights.everything })
  const all = [
    'app',
    'cluster',
    'collections',
    'hardware',
    'id',
    'memory',
    'quota',
    'requests',
    'search_pool',
  ]
  expect(Object.keys(seen).sort()).toEqual(all)
  expect(JSON.stringify(seen)).toContain('theirs')
})
