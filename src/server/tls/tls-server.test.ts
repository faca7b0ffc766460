import { ChannelCredentials, Client } from '@grpc/grpc-js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificate } from '../../../test/support/certificates.ts'
import { resolveConfiguration } from '../configuration/configuration.ts'
import { createJsonLogger } from '../json-logger.ts'
import { openDatabase } from '../open-database.ts'
import { startServer, type RunningServer } from '../server.ts'

// Both doors of a real server over TLS.

const authority = makeCertificate({ subject: 'authority' })
const own = makeCertificate({ subject: 'server', issuer: authority })
const client = makeCertificate({ subject: 'client', issuer: authority })

let folder: string
let server: RunningServer | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-tls-'))
  await writeFile(join(folder, 'cert.pem'), own.certPem)
  await writeFile(join(folder, 'key.pem'), own.keyPem)
  await writeFile(join(folder, 'ca.pem'), authority.certPem)
})

afterEach(async () => {
  await server?.close()
  server = undefined
  await rm(folder, { recursive: true, force: true })
})

async function start(service: object, tls: object = {}): Promise<RunningServer> {
  const configuration = resolveConfiguration({
    flags: {
      service: { http_port: 0, grpc_port: 0, enable_tls: true, ...service },
      tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ...tls },
      storage: { storage_path: join(folder, 'storage'), snapshots_path: join(folder, 'snapshots') },
    },
    environment: {},
    files: [],
  })
  const logger = createJsonLogger('error', { write: () => undefined })
  const onFatal = (error: unknown): never => {
    throw error
  }
  const opened = await openDatabase(configuration, logger)
  server = await startServer({
    opened,
    configuration,
    restores: { collections: [], force: false },
    logger,
    onFatal,
  })
  return server
}

function get(url: string, options: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(url, { ca: authority.certPem, agent: false, ...options }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(`refused ${error.code ?? error.message}`))
    sent.end()
  })
}

/** Calls Qdrant's health check, whose messages may be empty. */
function check(address: string, credentials: ChannelCredentials): Promise<string> {
  const channel = new Client(address, credentials)
  const bytes = (value: Buffer): Buffer => value
  return new Promise((resolve) => {
    channel.makeUnaryRequest('/qdrant.Qdrant/HealthCheck', bytes, bytes, Buffer.alloc(0), (error, answer) => {
      channel.close()
      resolve(error === null ? `answer ${String(answer).includes('qdrant')}` : `refused ${error.code}`)
    })
  })
}

const pair = [Buffer.from(client.keyPem), Buffer.from(client.certPem)] as const
const trusting = Buffer.from(authority.certPem)

describe('with TLS', () => {
  test('REST and gRPC are served over it, and not in the clear', async () => {
    const { url, grpcAddress = '' } = await start({})
    expect(url).toMatch(/^https:/)
    expect(await get(`${url}/readyz`)).toBe('all shards are ready')
    expect(await get(`${url}/readyz`, { ca: client.certPem })).toMatch(/^refused/)
    await expect(fetch(`${url.replace('https:', 'http:')}/readyz`)).rejects.toThrow()
    expect(await check(grpcAddress, ChannelCredentials.createSsl(trusting))).toBe('answer true')
    expect(await check(grpcAddress, ChannelCredentials.createInsecure())).toBe('refused 14')
  })

  test('both ask clients for their certificate', async () => {
    const service = { verify_https_client_certificate: true }
    const { url, grpcAddress = '' } = await start(service, { ca_cert: join(folder, 'ca.pem') })
    expect(await get(`${url}/readyz`)).toMatch(/^refused/)
    expect(await get(`${url}/readyz`, { cert: client.certPem, key: client.keyPem })).toBe(
      'all shards are ready',
    )
    expect(await check(grpcAddress, ChannelCredentials.createSsl(trusting))).toBe('refused 14')
    expect(await check(grpcAddress, ChannelCredentials.createSsl(trusting, ...pair))).toBe('answer true')
  })

  test('a missing file ends the start before the store is touched', async () => {
    await rm(join(folder, 'key.pem'))
    await expect(start({})).rejects.toThrow(`Cannot read ${join(folder, 'key.pem')} (tls.key)`)
  })
})
