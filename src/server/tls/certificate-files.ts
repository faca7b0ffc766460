import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { exitCodes, StartupError } from '../startup-error.ts'

/** What the settings `tls.*` say. */
export interface TlsSettings {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  /** Of those who sign certificates of clients; downloads trust them, too. */
  readonly caCert: string | undefined
  /** Milliseconds after which the files are looked at again; undefined: never. */
  readonly certTtlMs: number | undefined
  /** Clients have to show a certificate that `caCert` has signed. */
  readonly verifiesClients: boolean
}

/** The files' content, checked. */
export interface Certificates {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca: Buffer | undefined
}

export type ReadBytes = (path: string) => Promise<Buffer>

/** @throws StartupError naming the setting, the file, and what is wrong with it; never what is in it */
export async function readCertificates(settings: TlsSettings, readBytes: ReadBytes): Promise<Certificates> {
  if (settings.verifiesClients && settings.caCert === undefined) {
    throw refused('Cannot verify certificates of clients: the setting tls.ca_cert is not given')
  }
  const read = (setting: string, path: string) => readFile(setting, path, readBytes)
  const cert = await read('tls.cert', settings.cert)
  const key = await read('tls.key', settings.key)
  const ca = settings.caCert === undefined ? undefined : await read('tls.ca_cert', settings.caCert)

  const certificate = parse(
    'tls.cert',
    settings.cert,
    'a certificate in PEM',
    () => new X509Certificate(cert),
  )
  const privateKey = parse('tls.key', settings.key, 'a private key in PEM without a passphrase', () =>
    privateKeyOf(key),
  )
  if (settings.caCert !== undefined && ca !== undefined)
    parse('tls.ca_cert', settings.caCert, 'a certificate in PEM', () => new X509Certificate(ca))
  if (!certificate.checkPrivateKey(privateKey)) {
    throw refused(`Cannot use ${settings.cert} (tls.cert): it does not belong to the key in ${settings.key}`)
  }
  // What is left is for the library to judge: the rest of the chain, keys that are too weak.
  parse('tls.cert', settings.cert, 'a chain that TLS can use', () =>
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) }),
  )
  return { cert, key, ca }
}

function privateKeyOf(key: Buffer): KeyObject {
  return createPrivateKey({ key, format: 'pem' })
}

async function readFile(setting: string, path: string, readBytes: ReadBytes): Promise<Buffer> {
  try {
    return await readBytes(path)
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const state = isAbsent
      ? 'No such file or directory'
      : error instanceof Error
        ? error.message
        : String(error)
    throw refused(`Cannot read ${path} (${setting}): ${state}`, error)
  }
}

/** The library's own words are left out: they say nothing to whoever starts a server. */
function parse<T>(setting: string, path: string, wanted: string, parser: () => T): T {
  try {
    return parser()
  } catch (error) {
    throw refused(`Cannot use ${path} (${setting}): it does not hold ${wanted}`, error)
  }
}

function refused(message: string, cause?: unknown): StartupError {
  return new StartupError(exitCodes.usage, message, cause)
}
