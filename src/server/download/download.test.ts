import type { lookup } from 'node:dns'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { makeCertificate } from '../../../test/support/certificates.ts'
import { systemClock, type Clock } from '../../runtime/clock.ts'
import { AllowedHosts } from './allowed-hosts.ts'
import { createDownload, type DownloadOptions } from './download.ts'

const servers: Server[] = []

/** Gives the port of a server on the loopback address. */
function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function read(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A resolver that knows the given names only; each call gives the next answer. */
function resolver(names: Record<string, readonly (readonly string[])[]>) {
  const asked: string[] = []
  const resolve = ((name: string, _options: unknown, callback: (...result: unknown[]) => void) => {
    const answers = names[name] ?? []
    const addresses = answers[Math.min(asked.filter((one) => one === name).length, answers.length - 1)]
    asked.push(name)
    if (addresses === undefined)
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }))
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
  }) as unknown as typeof lookup
  return { resolve, asked }
}

const downloadWith = (options: Partial<DownloadOptions> = {}) =>
  createDownload({ allowPrivate: true, ...options })

describe('download', () => {
  test('keeps what a refusal says where that is wanted, and no more than its beginning', async () => {
    const port = await serve((_request, answer) => {
      answer.statusCode = 403
      answer.end(`no, never ${'x'.repeat(10_000)}`)
    })
    const url = `http://127.0.0.1:${port}/`
    const refused = downloadWith()(url, { keepsRefusal: true })
    await expect(refused).rejects.toMatchObject({ details: { status: 403 } })
    const error = (await refused.catch((one: unknown) => one)) as { details: { body: string } }
    expect(error.details.body).toMatch(/^no, never x+$/)
    expect(error.details.body).toHaveLength(4_096)
    await expect(downloadWith()(url)).rejects.not.toHaveProperty('details.body')
  })

  test('can delete, and follows nobody then', async () => {
    const methods: (string | undefined)[] = []
    const port = await serve((request, answer) => {
      methods.push(request.method)
      if (request.url === '/moved') answer.writeHead(307, { location: '/there' }).end()
      else answer.end('gone')
    })
    const download = downloadWith()
    expect(await read(await download(`http://127.0.0.1:${port}/x`, { isDeletion: true }))).toBe('gone')
    await expect(download(`http://127.0.0.1:${port}/moved`, { isDeletion: true })).rejects.toMatchObject({
      code: 'download-refused',
    })
    expect(methods).toEqual(['DELETE', 'DELETE'])
  })

  test('gives the bytes and sends the key', async () => {
    const seen: IncomingMessage['headers'][] = []
    const port = await serve((request, answer) => {
      seen.push(request.headers)
      answer.end('the archive')
    })
    const bytes = await downloadWith()(`http://127.0.0.1:${port}/x`, { apiKey: 'gate' })
    expect(await read(bytes)).toBe('the archive')
    expect(seen[0]?.['api-key']).toBe('gate')
    expect(seen[0]?.['accept-encoding']).toBe('identity')
  })

  test('an error status is named as Qdrant names it', async () => {
    const port = await serve((_, answer) => answer.writeHead(404).end('no such file'))
    await expect(downloadWith()(`http://127.0.0.1:${port}/x`)).rejects.toMatchObject({
      code: 'download-refused',
      message: `Failed to download tar from http://127.0.0.1:${port}/x: status - 404 Not Found`,
    })
  })

  test('a password in the URL does not come back in the message', async () => {
    const port = await serve((_, answer) => answer.writeHead(403).end())
    await expect(downloadWith()(`http://me:hidden@127.0.0.1:${port}/x`)).rejects.toMatchObject({
      message: `Failed to download tar from http://127.0.0.1:${port}/x: status - 403 Forbidden`,
    })
  })

  test('a server that cannot be reached is a failure, not a fault of the request', async () => {
    const { resolve } = resolver({})
    await expect(downloadWith({ resolve })('http://nowhere.example/x')).rejects.toMatchObject({
      code: 'download-failed',
      message: 'Http request error: getaddrinfo ENOTFOUND nowhere.example',
    })
  })

  test('redirects are followed, five of them', async () => {
    const port = await serve((request, answer) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) answer.end('arrived')
      else answer.writeHead(302, { location: `/${left - 1}` }).end()
    })
    expect(await read(await downloadWith()(`http://127.0.0.1:${port}/5`))).toBe('arrived')
    await expect(downloadWith()(`http://127.0.0.1:${port}/6`)).rejects.toMatchObject({
      code: 'download-refused',
    })
  })

  test('the key does not follow a redirect to another origin', async () => {
    const keys: unknown[] = []
    const target = await serve((request, answer) => {
      keys.push(request.headers['api-key'])
      answer.end('x')
    })
    const port = await serve((_, answer) =>
      answer.writeHead(307, { location: `http://127.0.0.1:${target}/` }).end(),
    )
    await read(await downloadWith()(`http://127.0.0.1:${port}/`, { apiKey: 'gate' }))
    expect(keys).toEqual([undefined])
  })

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[fd00:ec2::254]/',
  ])('%s is refused without a connection', async (url) => {
    await expect(downloadWith()(url)).rejects.toMatchObject({ code: 'download-refused' })
  })

  test('a redirect to a refused address is refused', async () => {
    const port = await serve((_, answer) =>
      answer.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    )
    await expect(downloadWith()(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'download-refused',
    })
  })

  test('a name is judged by its address', async () => {
    const { resolve } = resolver({
      'metadata.example': [['169.254.169.254']],
      'mixed.example': [['127.0.0.1', 'fe80::1']],
    })
    for (const name of ['metadata.example', 'mixed.example']) {
      await expect(downloadWith({ resolve })(`http://${name}/x`)).rejects.toMatchObject({
        code: 'download-refused',
        message: expect.stringContaining(`Cannot download from ${name}`) as unknown,
      })
    }
  })

  test('a name is resolved once per connection, so that its second answer is never used', async () => {
    const port = await serve((_, answer) => answer.end('x'))
    const { resolve, asked } = resolver({ 'changing.example': [['127.0.0.1'], ['169.254.169.254']] })
    expect(await read(await downloadWith({ resolve })(`http://changing.example:${port}/`))).toBe('x')
    expect(asked).toEqual(['changing.example'])
  })

  test('one setting refuses this machine and private networks', async () => {
    const port = await serve((_, answer) => answer.end('x'))
    const { resolve } = resolver({ localhost: [['127.0.0.1']] })
    const download = downloadWith({ allowPrivate: false, resolve })
    for (const host of ['127.0.0.1', 'localhost']) {
      await expect(download(`http://${host}:${port}/`)).rejects.toThrow('service.snapshot_url_private')
    }
  })

  test.each(['ftp://127.0.0.1/x', 'file:///etc/passwd', 'nonsense'])('%s is refused', async (url) => {
    await expect(downloadWith()(url)).rejects.toMatchObject({ code: 'download-refused' })
  })

  test('a file cut short is a failure', async () => {
    const port = await serve((_, answer) => {
      answer.writeHead(200, { 'content-length': 100 })
      answer.write('half', () => answer.destroy())
    })
    const bytes = await downloadWith()(`http://127.0.0.1:${port}/`)
    await expect(read(bytes)).rejects.toMatchObject({ code: 'download-failed' })
  })

  test('a server that falls silent is given up', async () => {
    const port = await serve((_, answer) => void answer.write('half'))
    const bytes = await downloadWith({ idleTimeoutMs: 50 })(`http://127.0.0.1:${port}/`)
    await expect(read(bytes)).rejects.toMatchObject({ code: 'download-failed' })
  })

  test('a body that is too large is refused, announced or not', async () => {
    const port = await serve((request, answer) => {
      if (request.url === '/announced') answer.writeHead(200, { 'content-length': 1_001 })
      answer.write(Buffer.alloc(1_001))
    })
    for (const path of ['announced', 'endless']) {
      const bytes = await downloadWith({ bytesMax: 1_000 })(`http://127.0.0.1:${port}/${path}`)
      await expect(read(bytes)).rejects.toMatchObject({
        code: 'download-refused',
        message: expect.stringContaining('more than 1000 bytes') as unknown,
      })
    }
    const enough = await downloadWith({ bytesMax: 1_001 })(`http://127.0.0.1:${port}/endless`)
    expect((await enough[Symbol.asyncIterator]().next()).value).toHaveLength(1_001)
  })

  test('a trickle is refused, however steady it is', async () => {
    let now = 0
    const clock: Clock = {
      now: () => 0,
      monotonic: () => (now += 1_000),
      after: () => ({ cancel: () => undefined }),
    }
    const port = await serve((_, answer) => {
      const drip = (): void => {
        if (!answer.destroyed) answer.write('x', () => setImmediate(drip))
      }
      drip()
    })
    const bytes = await downloadWith({ clock })(`http://127.0.0.1:${port}/`)
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'download-refused',
      message: expect.stringMatching(/only \d+ bytes have come in 60 seconds/) as unknown,
    })
  })

  test('a head that never ends is given up', async () => {
    let giveUp = (): void => undefined
    const clock: Clock = {
      ...systemClock,
      after: (_delay, callback) => {
        giveUp = callback
        return { cancel: () => undefined }
      },
    }
    const port = await serve((_, answer) => {
      answer.socket?.write('HTTP/1.1 200 OK\r\nx: y\r\n', () => giveUp())
    })
    await expect(downloadWith({ clock })(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('in time') as unknown,
    })
  })

  test('an authority of our own is trusted for https, and a certificate shown', async () => {
    const authority = makeCertificate({ subject: 'authority' })
    const own = makeCertificate({ subject: 'server', issuer: authority })
    const seen: unknown[] = []
    const server = createSecureServer(
      {
        cert: own.certPem,
        key: own.keyPem,
        ca: authority.certPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, answer) => {
        seen.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN)
        answer.end('safe')
      },
    )
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await expect(downloadWith()(url)).rejects.toMatchObject({ code: 'download-failed' })
    const client = makeCertificate({ subject: 'client', issuer: authority })
    const tls = () => ({ ca: authority.certPem, cert: client.certPem, key: client.keyPem })
    expect(await read(await downloadWith({ tls })(url))).toBe('safe')
    expect(seen).toEqual(['client'])
  })

  test('what is allowed is asked again after a redirect', async () => {
    const target = await serve((_, answer) => answer.end('x'))
    const { resolve } = resolver({ 'a.example': [['127.0.0.1']], 'b.example': [['127.0.0.1']] })
    const allowed = new AllowedHosts(['a.example'])
    const port = await serve((_, answer) =>
      answer.writeHead(302, { location: `http://b.example:${target}/` }).end(),
    )
    const download = downloadWith({ allowed, resolve })
    expect(await read(await download(`http://a.example:${target}/`))).toBe('x')
    await expect(download(`http://a.example:${port}/`)).rejects.toThrow('service.snapshot_url_allow')
    await expect(download(`http://127.0.0.1:${target}/`)).rejects.toThrow('service.snapshot_url_allow')
  })

  test('a redirect to another scheme, or to nowhere, is refused without its password', async () => {
    const port = await serve((request, answer) => {
      const location = request.url === '/scheme' ? 'ftp://me:hidden@127.0.0.1/x' : 'http://me:hidden@[/'
      answer.writeHead(302, { location }).end()
    })
    for (const path of ['scheme', 'nowhere']) {
      const failed: unknown = await downloadWith()(`http://127.0.0.1:${port}/${path}`).catch(
        (error: unknown) => error,
      )
      expect(failed).toMatchObject({ code: 'download-refused' })
      const { message, details } = failed as { message: string; details: object }
      expect(message + JSON.stringify(details)).not.toContain('hidden')
    }
  })

  test('a cancelled download stops, before and after the answer', async () => {
    const port = await serve((request, answer) => {
      if (request.url === '/half') answer.write('half')
    })
    const first = new AbortController()
    const waiting = downloadWith()(`http://127.0.0.1:${port}/never`, { signal: first.signal })
    first.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    const second = new AbortController()
    const bytes = await downloadWith()(`http://127.0.0.1:${port}/half`, { signal: second.signal })
    second.abort()
    await expect(read(bytes)).rejects.toMatchObject({ code: 'cancelled' })
  })
})
