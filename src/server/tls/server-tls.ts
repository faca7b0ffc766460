import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readCertificates, type Certificates, type ReadBytes, type TlsSettings } from './certificate-files.ts'

interface Reading {
  readonly readBytes: ReadBytes
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The certificates that the listeners show. They are read again every `certTtlMs`; a listener is told of others, and
 * connections that stand go on. Files that cannot be used, a renewal in its middle among them, leave the old ones.
 */
export class ServerTls {
  readonly #settings: TlsSettings
  readonly #reading: Reading
  readonly #listeners = new Set<(certificates: Certificates) => void>()
  #current: Certificates
  #timer: Timer | undefined
  #isClosed = false

  private constructor(settings: TlsSettings, reading: Reading, current: Certificates) {
    this.#settings = settings
    this.#reading = reading
    this.#current = current
    this.#watch()
  }

  /** @throws StartupError */
  static async open(settings: TlsSettings, reading: Reading): Promise<ServerTls> {
    return new ServerTls(settings, reading, await readCertificates(settings, reading.readBytes))
  }

  get current(): Certificates {
    return this.#current
  }

  /** Whether clients have to show a certificate. */
  get verifiesClients(): boolean {
    return this.#settings.verifiesClients
  }

  /** For a listener of node:tls or node:https. */
  listenerOptions(): TlsOptions {
    const isAsking = this.#settings.verifiesClients
    return {
      ...this.contextOptions(),
      requestCert: isAsking,
      rejectUnauthorized: isAsking,
      // On `localhost` there are several listeners behind one, and only the first can be told of a renewal.
      SNICallback: (_name, callback) => callback(null, createSecureContext(this.contextOptions())),
    }
  }

  /** For connections to other servers: the authority is trusted, and our certificate shown where clients show theirs. */
  clientOptions(): Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
    const { cert, key, ca } = this.#current
    return { ...(ca === undefined ? {} : { ca }), ...(this.#settings.verifiesClients ? { cert, key } : {}) }
  }

  /** What is renewed. */
  contextOptions(): SecureContextOptions {
    const { cert, key, ca } = this.#current
    return {
      cert,
      key,
      minVersion: 'TLSv1.2',
      // Only where clients are asked for a certificate: otherwise the list of names would be sent for nothing.
      ...(ca === undefined || !this.#settings.verifiesClients ? {} : { ca }),
    }
  }

  /** Calls back with other certificates. */
  onChange(listener: (certificates: Certificates) => void): void {
    this.#listeners.add(listener)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#listeners.clear()
  }

  #watch(): void {
    const { certTtlMs } = this.#settings
    if (certTtlMs === undefined || this.#isClosed) return
    this.#timer = this.#reading.clock.after(certTtlMs, () => void this.#reload().then(() => this.#watch()))
  }

  async #reload(): Promise<void> {
    const { logger, readBytes } = this.#reading
    try {
      const found = await readCertificates(this.#settings, readBytes)
      if (this.#isClosed || isSame(found, this.#current)) return
      this.#current = found
      for (const listener of this.#listeners) listener(found)
      logger.info('using the renewed certificate', { path: this.#settings.cert })
    } catch (error) {
      logger.error('keeping the old certificate: the new one cannot be used', { error })
    }
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && String(a.ca) === String(b.ca)
}
