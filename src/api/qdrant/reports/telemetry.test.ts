import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestQdrantDoor, type TestQdrantDoor } from '../../../../test/support/qdrant-door.ts'
import { Rights, type Grant } from '../rights/rights.ts'
import { telemetry } from './telemetry.ts'

let qdrant: TestQdrantDoor

beforeEach(async () => {
  qdrant = await openTestQdrantDoor()
  for (const name of ['mine', 'theirs']) {
    await qdrant.database.createCollection(name, { vectors: { '': { size: 2, distance: 'Dot' } } })
    const endpoint = 'POST /collections/{collection_name}/points/query'
    const counted = { endpoint, status: 200, durationMicros: 10, at: 0, collection: name }
    qdrant.door.service.requests.record('rest', counted)
  }
})

afterEach(() => qdrant.close())

const asked = { level: 4, isAnonymous: false, perCollection: true }

test('who may see one collection learns nothing of the others, nor of the whole server', () => {
  const grant: Grant = { scope: 'collections', modes: new Map([['mine', 'r']]) }
  const seen = telemetry(qdrant.door, { ...asked, rights: new Rights(grant, () => true) })
  expect(seen['collections']).toMatchObject({ number_of_collections: 1, collections: [{ id: 'mine' }] })
  expect(Object.keys(seen).sort()).toEqual(['app', 'cluster', 'collections', 'id'])
  expect(JSON.stringify(seen)).not.toContain('theirs')
})

test('who may see everything does', () => {
  const seen = telemetry(qdrant.door, { ...asked, rights: Rights.everything })
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
