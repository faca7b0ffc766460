import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

// Certificates for tests (X.509 v3 in DER, RFC 5280), made when the tests run: nothing secret lies in the repository,
// and nothing in it ever expires.

export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
  readonly subject: string
  readonly key: KeyObject
}

export interface CertificateOptions {
  readonly subject: string
  /** Default: signed by itself, as an authority. */
  readonly issuer?: Certificate
  /** Milliseconds since the epoch. Default: from yesterday for a year. */
  readonly notBefore?: number
  readonly notAfter?: number
}

const day = 24 * 3_600_000

/** Of `localhost` and 127.0.0.1, for both ends of a connection. */
export function makeCertificate({ subject, issuer, notBefore, notAfter }: CertificateOptions): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Date.now()
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'))
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial()),
    algorithm,
    nameOf(issuer?.subject ?? subject),
    sequence(time(notBefore ?? now - day), time(notAfter ?? now + 365 * day)),
    nameOf(subject),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(issuer === undefined))),
  )
  const signature = sign('sha256', body, issuer?.key ?? privateKey)
  return {
    certPem: pem(sequence(body, algorithm, bits(signature))),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    subject,
    key: privateKey,
  }
}

let serials = 0

function serial(): Buffer {
  serials += 1
  return Buffer.from([1, serials >> 8, serials & 0xff])
}

function extensions(isAuthority: boolean): Buffer[] {
  const names = sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1])))
  return [
    extension('2.5.29.19', isAuthority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence()),
    extension('2.5.29.17', names),
  ]
}

const extension = (id: string, value: Buffer): Buffer => sequence(objectId(id), tagged(0x04, value))

function nameOf(text: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId('2.5.4.3'), tagged(0x0c, Buffer.from(text)))))
}

/** GeneralizedTime, with seconds and in UTC. */
function time(ms: number): Buffer {
  return tagged(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}

const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes)
const bits = (bytes: Buffer): Buffer => tagged(0x03, Buffer.concat([Buffer.from([0]), bytes]))
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts))

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function pem(der: Buffer): string {
  const text = der.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${text}-----END CERTIFICATE-----\n`
}
