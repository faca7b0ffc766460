import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, STATUS_CODES, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { rootCertificates, type SecureContextOptions } from 'node:tls'
import { DatabaseError } from '../../index.ts'
import { systemClock, type Clock } from '../../runtime/clock.ts'
import { refusalOf, type AddressRules } from './address-rules.ts'
import { boundedBody, type BodyBounds } from './bounded-body.ts'

export interface DownloadRequest {
  /** Sent as `api-key`, to the origin of the first URL only. */
  readonly apiKey?: string | undefined
  /** Sent as the body of a POST; by default it is a GET. Redirects that would make it a GET are refused. */
  readonly json?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Deletes instead; not together with `json`. Redirects are refused then. */
  readonly isDeletion?: boolean
  /** Milliseconds until the server must have answered, where that may take longer than the bytes behind it. */
  readonly answerTimeoutMs?: number
  /** What the server says when it refuses stands in the error's details as `body`, up to 4 KiB of it. */
  readonly keepsRefusal?: boolean
}

/** Resolves when the server has answered with a success; the bytes are read from then on, at the reader's pace. */
export type Download = (url: string, request?: DownloadRequest) => Promise<AsyncIterable<Uint8Array>>

export interface DownloadOptions extends AddressRules {
  /** Milliseconds until a connection must stand. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Milliseconds without a byte while one is awaited, and until a server must have answered. Default 60,000. */
  readonly idleTimeoutMs?: number
  /** Default: one TiB. */
  readonly bytesMax?: number
  /** Bytes that have to come in `idleTimeoutMs`. Default 65,536. */
  readonly bytesMin?: number
  readonly clock?: Clock
  /** Certificates for https: `ca` is trusted besides the usual authorities, `cert` and `key` are shown. */
  readonly tls?: (() => Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>) | undefined
  /** Replaces name resolution in tests. */
  readonly resolve?: typeof resolveName
}

const defaults = { connectTimeoutMs: 10_000, idleTimeoutMs: 60_000, bytesMax: 2 ** 40, bytesMin: 65_536 }

const redirectsMax = 5
const redirectStatuses = new Set([301, 302, 303, 307, 308])
/** Those after which a POST is still one. */
const repeatingStatuses = new Set([307, 308])
const noStatuses = new Set<number>()

const refusalBytesMax = 4_096

/**
 * Reads http and https URLs. Every address that a connection goes to, redirects included, is checked after its name
 * has been resolved, by the very lookup that the connection uses: a name that resolves differently the second time
 * is never asked a second time.
 *
 * The downloads throw `download-refused` (the URL, its address or the server's answer) and `download-failed` (no
 * connection, or it broke).
 */
export function createDownload(options: DownloadOptions): Download {
  const lookup = checkedLookup(options)
  const agents = {
    'http:': new HttpAgent({ keepAlive: false }),
    'https:': new HttpsAgent({ keepAlive: false }),
  }
  return async (location, request = {}) => {
    const first = parseUrl(location)
    const shown = withoutPassword(first, location)
    let url = first
    for (let redirects = 0; redirects <= redirectsMax; redirects++) {
      checkLiteralAddress(url, options)
      const apiKey = url.origin === first.origin ? request.apiKey : undefined
      const answer = await send({ url, apiKey, request, lookup, agents, options })
      const status = answer.message.statusCode ?? 0
      const target = statusesOf(request).has(status) ? answer.message.headers.location : undefined
      if (target === undefined) {
        const refusal = isSuccess(status) || request.keepsRefusal !== true ? '' : await beginningOf(answer)
        return bodyOf(answer, shown, boundsOf(options), refusal)
      }
      answer.message.destroy()
      url = parseUrl(target, url)
    }
    throw new DatabaseError(
      'download-refused',
      `Failed to download tar from ${shown}: more than ${redirectsMax} redirects`,
    )
  }
}

function statusesOf({ json, isDeletion }: DownloadRequest): ReadonlySet<number> {
  if (isDeletion === true) return noStatuses
  return json === undefined ? redirectStatuses : repeatingStatuses
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

function parseUrl(location: string, base?: URL): URL {
  let url: URL
  try {
    url = new URL(location, base)
  } catch (error) {
    throw new DatabaseError('download-refused', `Cannot download: the location is no URL`, {}, error)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const shown = withoutPassword(url, location)
    const text = `URL ${shown} with scheme ${url.protocol.slice(0, -1)} is not supported`
    throw new DatabaseError('download-refused', text, { url: shown })
  }
  return url
}

/** What messages and logs may hold of a URL. */
function withoutPassword(url: URL, location: string): string {
  if (url.username === '' && url.password === '') return location
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return shown.href
}

/** A URL that names its address in digits never reaches the lookup. */
function checkLiteralAddress(url: URL, rules: AddressRules): void {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0) return
  const refusal = refusalOf(host, host, rules)
  if (refusal !== undefined) throw refusedAddress(host, refusal)
}

function refusedAddress(host: string, refusal: string, address = host): DatabaseError {
  const where = address === host ? host : `${host} (${address})`
  return new DatabaseError('download-refused', `Cannot download from ${where}: ${refusal}`, { host, address })
}

/** Gives a connection only addresses that passed the check; one refused address refuses the name. */
function checkedLookup(options: DownloadOptions): LookupFunction {
  const resolve = options.resolve ?? resolveName
  return (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      for (const { address } of addresses) {
        const refusal = refusalOf(hostname, address, options)
        if (refusal !== undefined) return callback(refusedAddress(hostname, refusal, address), '', 0)
      }
      const [first] = addresses
      if (lookupOptions.all === true || first === undefined) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

interface Answer {
  readonly message: IncomingMessage
  readonly signal: AbortSignal | undefined
  /** Says whether somebody waits for bytes, so that a slow reader is not taken for a dead server. */
  waiting: boolean
}

interface Sending {
  readonly url: URL
  readonly apiKey: string | undefined
  readonly request: DownloadRequest
  readonly lookup: LookupFunction
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }
  readonly options: DownloadOptions
}

function send({ url, apiKey, request: asked, lookup, agents, options }: Sending): Promise<Answer> {
  const { json, signal } = asked
  const { connectTimeoutMs, idleTimeoutMs, clock = systemClock } = { ...defaults, ...options }
  const answerTimeoutMs = asked.answerTimeoutMs ?? idleTimeoutMs
  const isSecure = url.protocol === 'https:'
  const state = { waiting: true, signal }
  return new Promise((resolve, reject) => {
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      method: asked.isDeletion === true ? 'DELETE' : json === undefined ? 'GET' : 'POST',
      agent: isSecure ? agents['https:'] : agents['http:'],
      lookup,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(apiKey === undefined ? {} : { 'api-key': apiKey }),
        ...(json === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
      },
      ...(signal === undefined ? {} : { signal }),
      ...(isSecure ? secureOptions(options) : {}),
    })
    // Header lines that trickle in keep the socket busy and never end.
    const deadline = clock.after(connectTimeoutMs + answerTimeoutMs, () =>
      request.destroy(new Error(`no answer from ${url.host} in time`)),
    )
    request.on('socket', (socket) => {
      socket.setTimeout(connectTimeoutMs)
      socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.setTimeout(answerTimeoutMs))
      socket.on('timeout', () => {
        if (state.waiting) request.destroy(new Error(`no bytes from ${url.host} in time`))
        else socket.setTimeout(idleTimeoutMs)
      })
    })
    request.on('error', (error) => reject(failure(error, signal)))
    request.on('close', () => deadline.cancel())
    request.on('response', (message) => {
      deadline.cancel()
      message.socket.setTimeout(idleTimeoutMs)
      resolve(Object.assign(state, { message }))
    })
    request.end(json)
  })
}

function secureOptions({ tls }: DownloadOptions): SecureContextOptions {
  const { ca, ...own } = tls?.() ?? {}
  return ca === undefined ? own : { ...own, ca: [...rootCertificates, ca].flat() }
}

function boundsOf(options: DownloadOptions): BodyBounds {
  const { bytesMax, bytesMin, idleTimeoutMs, clock = systemClock } = { ...defaults, ...options }
  return { bytesMax, bytesMin, windowMs: idleTimeoutMs, clock }
}

/** What a refusal says, as far as it comes and is short. */
async function beginningOf({ message }: Answer): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of message as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      bytes += chunk.byteLength
      if (bytes >= refusalBytesMax) break
    }
  } catch {
    // The status says that it refused; why is lost.
  }
  return Buffer.concat(chunks).subarray(0, refusalBytesMax).toString('utf8')
}

function bodyOf(
  answer: Answer,
  location: string,
  bounds: BodyBounds,
  refusal: string,
): AsyncIterable<Uint8Array> {
  const status = answer.message.statusCode ?? 0
  if (isSuccess(status)) return readBody(answer, location, bounds)
  answer.message.destroy()
  const text = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
  const details = {
    url: location,
    status,
    reason: STATUS_CODES[status] ?? '',
    ...(refusal === '' ? {} : { body: refusal }),
  }
  throw new DatabaseError(
    'download-refused',
    `Failed to download tar from ${location}: status - ${text}`,
    details,
  )
}

async function* readBody(answer: Answer, location: string, bounds: BodyBounds): AsyncGenerator<Uint8Array> {
  const { message } = answer
  try {
    yield* boundedBody(message, location, bounds, (isWaiting) => {
      answer.waiting = isWaiting
    })
    if (!message.complete) throw new Error(`the connection ended before the file did`)
  } catch (error) {
    throw failure(error, answer.signal)
  } finally {
    message.destroy()
  }
}

function failure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof DatabaseError) return error
  if (signal?.aborted === true)
    return new DatabaseError('cancelled', 'Cannot finish the download: it was cancelled', {}, error)
  const reason = error instanceof Error ? reasonOf(error) : String(error)
  return new DatabaseError('download-failed', `Http request error: ${reason}`, {}, error)
}

/** Several addresses tried in vain come as one error without a message of its own. */
function reasonOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message
}
