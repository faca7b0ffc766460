import { BlockList, isIP } from 'node:net'
import { exitCodes, StartupError } from '../startup-error.ts'

/** The only hosts that may be read, if somebody has listed them. */
export class AllowedHosts {
  readonly #names = new Set<string>()
  /** With the dot before them. */
  readonly #domains: string[] = []
  readonly #networks = new BlockList()

  /** Names, `*.` and a domain, addresses, networks with the bits of their prefix. @throws StartupError */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry.toLowerCase())
  }

  /** By the name in the URL, or by the address that it has been resolved to. */
  covers(hostname: string, address: string): boolean {
    const name = hostname.toLowerCase().replace(/\.$/, '')
    if (this.#names.has(name) || this.#domains.some((domain) => name.endsWith(domain))) return true
    const family = isIP(address)
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }

  #add(entry: string): void {
    const [start = '', prefix] = entry.split('/', 2)
    const network = start.replace(/^\[|\]$/g, '')
    const family = isIP(network)
    if (family !== 0) return this.#addNetwork(entry, network, family, prefix)
    if (!/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(entry)) throw refused(entry)
    if (entry.startsWith('*.')) this.#domains.push(entry.slice(1))
    else this.#names.add(entry)
  }

  #addNetwork(entry: string, network: string, family: number, prefix: string | undefined): void {
    const bitsMax = family === 6 ? 128 : 32
    const bits = prefix === undefined ? bitsMax : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    if (!(bits <= bitsMax)) throw refused(entry)
    this.#networks.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
}

function refused(entry: string): StartupError {
  const message = `Cannot use the setting service.snapshot_url_allow: ${JSON.stringify(entry)} is no host, address or network`
  return new StartupError(exitCodes.usage, message)
}
