import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readLogArchive } from '../../../test/support/qdrant-log.ts'
import { openV1App, type V1App } from '../../../test/support/v1-app.ts'
import { createSigningKeys } from '../../index.ts'

let v1: V1App
let app: V1App['app']
let call: V1App['call']
let database: V1App['database']

beforeEach(async () => {
  v1 = await openV1App()
  ;({ app, call, database } = v1)
})

afterEach(() => v1.close())

describe('archives', () => {
  const download = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url: `/v1/snapshots/${url}`, headers })
  const upload = (query: string, payload: Buffer, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/v1/archives?${query}`, payload, headers })

  beforeEach(async () => {
    await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
  })

  test('come whole or in ranges of one version, and go back in', async () => {
    const whole = await download('s/archive')
    expect(whole).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/octet-stream' } })
    const etag = String(whole.headers.etag)
    const rest = await download('s/archive', { range: 'bytes=1000-', 'if-range': etag })
    expect(rest.statusCode).toBe(206)
    expect(Buffer.compare(rest.rawPayload, whole.rawPayload.subarray(1000))).toBe(0)
    // Another label makes other bytes.
    await call('PATCH', '/snapshots/s', { labels: { a: 'b' } })
    expect((await download('s/archive', { range: 'bytes=1000-', 'if-range': etag })).statusCode).toBe(200)

    const restored = await upload('into=copy', whole.rawPayload)
    expect(restored.statusCode).toBe(201)
    expect(restored.json()).toMatchObject({
      job: { kind: 'import', state: 'completed', unit: 'bytes', result: { restored: ['copy'] } },
      collections: [{ name: 'copy', pointCount: 2 }],
    })
    expect((await upload('into=copy', whole.rawPayload)).json()).toMatchObject({
      error: { code: 'collection-exists' },
    })
    const broken = await upload('into=broken', whole.rawPayload.subarray(0, 3000))
    expect([broken.statusCode, broken.json()]).toMatchObject([400, { error: { code: 'archive-invalid' } }])
    expect((await call('GET', '/jobs?kind=import&state=failed')).body.jobs).toHaveLength(2)
  })

  test('for a Qdrant: of a snapshot, and of a collection as it is', async () => {
    await database.getCollection('plants').delete({ ids: [1] })
    const then = await download('s/archive?format=qdrant')
    expect(then).toMatchObject({ statusCode: 200, headers: { 'stillpoint-points': '2' } })
    const { points, json } = readLogArchive(then.rawPayload)
    expect(points.map(({ id, payload }) => [id, payload])).toEqual([
      [1, { kind: 'moss' }],
      [2n ** 64n - 1n, { kind: 'sage' }],
    ])
    expect(json('config.json')).toMatchObject({ params: { vectors: { size: 2, distance: 'Dot' } } })

    const ofCollection = (query: string) => app.inject({ method: 'GET', url: `/v1/collections/${query}` })
    const now = await ofCollection('plants/archive?format=qdrant')
    expect(now).toMatchObject({ statusCode: 200, headers: { 'stillpoint-points': '1' } })
    const past = await ofCollection('plants@s/archive?format=qdrant')
    expect(Buffer.compare(past.rawPayload, then.rawPayload)).toBe(0)
    expect((await ofCollection('none/archive?format=qdrant')).statusCode).toBe(404)
    for (const wrong of ['', '?format=zip', '?format=qdrant&since=s'])
      expect((await ofCollection(`plants/archive${wrong}`)).statusCode, wrong).toBe(400)
    for (const wrong of ['?format=zip', '?format=qdrant&since=s', '?collection=plants', '?partition=a'])
      expect((await download(`s/archive${wrong}`)).statusCode, wrong).toBe(400)
    const key = { 'archive-passphrase': 'a' }
    expect((await download('s/archive?format=qdrant', key)).statusCode).toBe(400)
  })

  test('of the store, encrypted and signed, with the secrets in headers', async () => {
    await call('POST', '/snapshots', { name: 'all' })
    const { privateKey, publicKey } = createSigningKeys()
    const bodyOf = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')
    const passphrase = { 'archive-passphrase': encodeURIComponent('grün & gold') }
    const archive = await download('all/archive', {
      ...passphrase,
      'archive-signing-key': bodyOf(privateKey),
    })
    expect(archive.statusCode).toBe(200)
    expect(archive.rawPayload.includes('manifest.json')).toBe(false)
    const refused = await upload('replace=true', archive.rawPayload)
    expect(refused.json()).toMatchObject({ error: { code: 'archive-key-wrong' } })
    await database.dropCollection('plants')
    const trust = { 'archive-trusted-keys': bodyOf(publicKey) }
    const restored = await upload('', archive.rawPayload, { ...passphrase, ...trust })
    expect(restored.json()).toMatchObject({ collections: [{ name: 'plants', pointCount: 2 }] })
    const other = { 'archive-trusted-keys': bodyOf(createSigningKeys().publicKey) }
    const untrusted = await upload('replace=true', archive.rawPayload, { ...passphrase, ...other })
    expect(untrusted.json()).toMatchObject({ error: { code: 'archive-untrusted' } })
    const key = await download('all/archive', { 'archive-key': 'xyz' })
    expect(key.json()).toMatchObject({
      error: { details: { in: 'headers', issues: [{ path: 'archive-key' }] } },
    })
  })

  test('since another snapshot hold only what that lacks', async () => {
    await database.getCollection('plants').upsert([{ id: 5, vectors: { '': [1, 1] } }])
    await call('POST', '/snapshots', { collections: ['plants'], name: 'next' })
    const full = await download('next/archive')
    const part = await download('next/archive?since=plants@s')
    expect(part.rawPayload.byteLength).toBeLessThan(full.rawPayload.byteLength)
    expect(part.headers.etag).not.toBe(full.headers.etag)
    expect((await upload('into=newer', part.rawPayload)).json()).toMatchObject({
      collections: [{ pointCount: 3 }],
    })
    expect((await download('next/archive?since=none')).statusCode).toBe(404)
  })
})

describe('imports', () => {
  const piece = (id: string, offset: number, payload: Buffer) =>
    app.inject({ method: 'PATCH', url: `/v1/imports/${id}?offset=${offset}`, payload })

  test('take an archive in pieces, each from where the last one ended', async () => {
    await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
    const archive = (await app.inject({ url: '/v1/snapshots/s/archive' })).rawPayload
    const { body } = await call('POST', '/imports', { into: 'copy' })
    expect(body).toMatchObject({ state: 'open', offset: 0, into: 'copy', error: null })
    const id = String(body.id)
    expect((await piece(id, 0, archive.subarray(0, 2000))).json()).toMatchObject({ offset: 2000 })
    expect((await piece(id, 1000, archive.subarray(1000))).json()).toMatchObject({
      error: { code: 'request-invalid', details: { expected: 2000 } },
    })
    expect((await call('GET', `/imports/${id}`)).body).toMatchObject({ state: 'open', offset: 2000 })
    await piece(id, 2000, archive.subarray(2000))
    expect((await call('POST', `/imports/${id}/finish`)).body).toMatchObject({
      import: { state: 'completed' },
      collections: [{ name: 'copy', pointCount: 2 }],
    })
    expect((await call('GET', '/imports')).body.imports).toMatchObject([{ id, state: 'completed' }])
  })

  test('are cancelled, and say why they failed', async () => {
    const first = (await call('POST', '/imports', { into: 'copy' })).body
    expect((await call('DELETE', `/imports/${String(first.id)}`)).status).toBe(204)
    expect((await call('GET', `/imports/${String(first.id)}`)).body.state).toBe('cancelled')
    const second = (await call('POST', '/imports', { into: 'copy' })).body
    await piece(String(second.id), 0, Buffer.alloc(2048, 1))
    expect((await call('POST', `/imports/${String(second.id)}/finish`)).body.error.code).toBe(
      'archive-invalid',
    )
    expect((await call('GET', `/imports/${String(second.id)}`)).body).toMatchObject({
      state: 'failed',
      error: { code: 'archive-invalid' },
    })
    expect((await call('GET', '/imports/none')).status).toBe(404)
  })
})
