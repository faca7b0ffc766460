import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { makeCertificate, type Certificate } from '../../../test/support/certificates.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { TlsSettings } from './certificate-files.ts'
import { ServerTls } from './server-tls.ts'

/** Calls back when it is told to. */
class TurnedClock implements Clock {
  readonly #waiting: (() => void)[] = []
  now = (): number => 0
  monotonic = (): number => 0
  after(_delayMs: number, callback: () => void): Timer {
    this.#waiting.push(callback)
    return { cancel: () => void this.#waiting.splice(this.#waiting.indexOf(callback), 1) }
  }
  get waiting(): number {
    return this.#waiting.length
  }
  turn(): void {
    for (const callback of this.#waiting.splice(0)) callback()
  }
}

const authority = makeCertificate({ subject: 'authority' })
const server = makeCertificate({ subject: 'server', issuer: authority })
const client = makeCertificate({ subject: 'client', issuer: authority })
const stranger = makeCertificate({ subject: 'stranger' })

const settings: TlsSettings = {
  cert: 'cert.pem',
  key: 'key.pem',
  caCert: 'ca.pem',
  certTtlMs: 1_000,
  verifiesClients: false,
}

const lines: string[] = []
const logger = {
  error: (message: string) => void lines.push(`error ${message}`),
  info: (message: string) => void lines.push(`info ${message}`),
  debug: () => undefined,
}

function filesOf(own: Certificate): Map<string, string> {
  return new Map([
    ['cert.pem', own.certPem],
    ['key.pem', own.keyPem],
    ['ca.pem', authority.certPem],
  ])
}

async function openTls(
  files: Map<string, string>,
  more: Partial<TlsSettings> = {},
  clock = new TurnedClock(),
) {
  const readBytes = async (path: string): Promise<Buffer> => {
    const text = files.get(path)
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return Buffer.from(text)
  }
  return { clock, tls: await ServerTls.open({ ...settings, ...more }, { readBytes, clock, logger }) }
}

let listening: Server | undefined
afterEach(() => {
  lines.length = 0
  listening?.closeAllConnections()
  listening?.close()
  listening = undefined
})

async function listen(tls: ServerTls): Promise<number> {
  const started = createServer(tls.listenerOptions(), (_, answer) => answer.end('hello'))
  tls.onChange(() => started.setSecureContext(tls.contextOptions()))
  listening = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  return (started.address() as AddressInfo).port
}

/** The common name in the server's certificate, or why there was no answer. */
function greet(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      { host: '127.0.0.1', port, ca: authority.certPem, agent: false, ...options },
      (answer) => {
        const { subject } = (answer.socket as TLSSocket).getPeerCertificate()
        answer.resume().on('end', () => resolve(subject.CN as string))
      },
    )
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(`refused ${error.code ?? error.message}`))
    sent.end()
  })
}

/** Lets reloads that are under way end. */
const settled = async (clock: TurnedClock): Promise<void> => {
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
}

describe('a listener', () => {
  test('shows its certificate, to clients that have none', async () => {
    const { tls } = await openTls(filesOf(server))
    expect(await greet(await listen(tls))).toBe('server')
  })

  test('asks clients for a certificate of the authority', async () => {
    const { tls } = await openTls(filesOf(server), { verifiesClients: true })
    const port = await listen(tls)
    expect(await greet(port, { cert: client.certPem, key: client.keyPem })).toBe('server')
    expect(await greet(port)).toMatch(/^refused/)
    expect(await greet(port, { cert: stranger.certPem, key: stranger.keyPem })).toMatch(/^refused/)
  })

  test('does not speak TLS 1.1', async () => {
    const { tls } = await openTls(filesOf(server))
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }
    expect(await greet(await listen(tls), old)).toMatch(/^refused/)
  })
})

describe('renewal', () => {
  test('a new certificate is shown without a restart', async () => {
    const files = filesOf(server)
    const { tls, clock } = await openTls(files)
    const port = await listen(tls)
    const renewed = makeCertificate({ subject: 'renewed', issuer: authority })
    for (const [path, text] of filesOf(renewed)) files.set(path, text)
    expect(await greet(port)).toBe('server')
    clock.turn()
    await settled(clock)
    expect(await greet(port)).toBe('renewed')
    expect(lines).toEqual(['info using the renewed certificate'])
  })

  test('a renewal in its middle leaves the old one, and is looked at again', async () => {
    const files = filesOf(server)
    const { tls, clock } = await openTls(files)
    const port = await listen(tls)
    const renewed = makeCertificate({ subject: 'renewed', issuer: authority })
    files.set('cert.pem', renewed.certPem)
    clock.turn()
    await settled(clock)
    expect(await greet(port)).toBe('server')
    expect(lines).toEqual(['error keeping the old certificate: the new one cannot be used'])
    files.set('key.pem', renewed.keyPem)
    clock.turn()
    await settled(clock)
    expect(await greet(port)).toBe('renewed')
  })

  test('the same files change nothing; without a ttl nobody looks', async () => {
    const { tls, clock } = await openTls(filesOf(server))
    clock.turn()
    await settled(clock)
    expect(lines).toEqual([])
    tls.close()
    expect(clock.waiting).toBe(0)
    expect((await openTls(filesOf(server), { certTtlMs: undefined })).clock.waiting).toBe(0)
  })
})

describe('files that cannot be used', () => {
  const passphrase = stranger.key.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  test.each([
    ['cert.pem', undefined, 'Cannot read cert.pem (tls.cert): No such file or directory'],
    ['key.pem', undefined, 'Cannot read key.pem (tls.key): No such file or directory'],
    ['ca.pem', undefined, 'Cannot read ca.pem (tls.ca_cert): No such file or directory'],
    ['cert.pem', 'text', 'Cannot use cert.pem (tls.cert): it does not hold a certificate in PEM'],
    [
      'key.pem',
      'text',
      'Cannot use key.pem (tls.key): it does not hold a private key in PEM without a passphrase',
    ],
    [
      'key.pem',
      String(passphrase),
      'Cannot use key.pem (tls.key): it does not hold a private key in PEM without a passphrase',
    ],
    ['ca.pem', '', 'Cannot use ca.pem (tls.ca_cert): it does not hold a certificate in PEM'],
    ['key.pem', stranger.keyPem, 'Cannot use cert.pem (tls.cert): it does not belong to the key in key.pem'],
  ])('%s is %j', async (path, text, message) => {
    const files = filesOf(server)
    if (text === undefined) files.delete(path)
    else files.set(path, text)
    await expect(openTls(files)).rejects.toMatchObject({ message, exitCode: 2 })
  })

  test('clients cannot be verified by nobody', async () => {
    await expect(openTls(filesOf(server), { verifiesClients: true, caCert: undefined })).rejects.toThrow(
      'the setting tls.ca_cert is not given',
    )
  })
})
