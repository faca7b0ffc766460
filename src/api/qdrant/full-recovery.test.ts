import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'

let qdrant: TestQdrant
let location: string

beforeEach(async () => {
  qdrant = await openTestQdrant({ archivesMode: 'files' })
  for (const name of ['plants', 'stones']) {
    await call('PUT', `/collections/${name}`, { vectors: { size: 2, distance: 'Dot' } })
    await call('PUT', `/collections/${name}/points?wait=true`, { points: [{ id: 1, vector: [1, 0] }] })
  }
  const alias = { create_alias: { collection_name: 'plants', alias_name: 'green' } }
  await call('POST', '/collections/aliases', { actions: [alias] })
  const { result } = (await call('POST', '/snapshots')).body
  location = `file://${join(qdrant.snapshotsPath, result.name)}`
})

afterEach(() => qdrant.close())

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, body?: object): Promise<any> {
  const headers = { 'content-type': 'application/json' }
  const payload = body === undefined ? {} : { payload: JSON.stringify(body), headers }
  const answer = await qdrant.app.inject({ method, url, ...payload })
  return { status: answer.statusCode, body: answer.json() }
}

const recover = (query = '', more: object = {}) =>
  call('PUT', `/snapshots/recover${query}`, { location, ...more })

async function state(): Promise<unknown> {
  const names = qdrant.database.listCollections().map(({ name }) => name)
  const counts = await Promise.all(
    names.sort().map(async (name) => [name, await qdrant.database.getCollection(name).count()]),
  )
  return {
    counts,
    aliases: qdrant.database.listAliases().map(({ alias, collection }) => `${alias}: ${collection}`),
  }
}

describe('a full snapshot over REST', () => {
  test('brings back every collection and alias', async () => {
    const before = await state()
    await call('DELETE', '/collections/plants')
    await call('DELETE', '/collections/stones')
    expect(await recover()).toMatchObject({ status: 200, body: { result: true, status: 'ok' } })
    expect(await state()).toEqual(before)
  })

  test('replaces what exists only if it is told to', async () => {
    const before = await state()
    await call('DELETE', '/collections/stones')
    await call('PUT', '/collections/plants/points?wait=true', { points: [{ id: 2, vector: [0, 1] }] })
    const changed = await state()
    expect(await recover()).toMatchObject({
      status: 409,
      body: {
        status: { error: 'Wrong input: Collection plants already exists. Use force=true to overwrite it.' },
      },
    })
    expect(await state()).toEqual(changed)
    expect((await recover('?force=true')).status).toBe(200)
    expect(await state()).toEqual(before)
  })

  test('changes nothing if the archive is damaged or another one', async () => {
    await call('DELETE', '/collections/stones')
    const before = await state()
    const path = location.slice('file://'.length)
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * 0.9)))
    expect((await recover('?force=true')).status).toBe(400)
    await writeFile(path, bytes)
    const wrong = await recover('?force=true', { checksum: '0'.repeat(64) })
    expect(wrong.status).toBe(400)
    expect(wrong.body.status.error).toMatch(
      /^Wrong input: Snapshot checksum mismatch: expected 0{64}, got [0-9a-f]{64}$/,
    )
    expect(await state()).toEqual(before)
    expect((await recover('?force=true')).status).toBe(200)
  })

  test('takes no file from outside', async () => {
    const outside = await call('PUT', '/snapshots/recover', { location: 'file:///etc/passwd' })
    expect(outside.status).toBe(403)
  })
})
