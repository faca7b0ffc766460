import { BlockList, isIP } from 'node:net'
import type { AllowedHosts } from './allowed-hosts.ts'

export interface AddressRules {
  /** False refuses loopback and private addresses. */
  readonly allowPrivate: boolean
  /** Refuses everything else, and stands above `allowPrivate`. */
  readonly allowed?: AllowedHosts | undefined
}

/**
 * Where a download may not go, whoever asks: link-local addresses and the metadata services of the clouds, which
 * hand out a machine's credentials to anything that can make it send a request.
 */
const neverAllowed = blockList(
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['ff00::', 8],
)

const loopbackOrPrivate = blockList(
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::', 127],
  ['fc00::', 7],
  ['fec0::', 10],
)

/** Why `address` (an IP, as `hostname` was resolved) may not be read; undefined if it may. */
export function refusalOf(hostname: string, address: string, rules: AddressRules): string | undefined {
  const plain = address.split('%', 1)[0] ?? ''
  const carried = embeddedIpv4(plain)
  const addresses = [plain, ...carried]
  if (addresses.some((one) => isListed(neverAllowed, one)))
    return 'link-local and metadata addresses are refused'
  if (rules.allowed !== undefined) {
    const target = carried[0] ?? plain
    return rules.allowed.covers(hostname, target) ? undefined : 'it is not in service.snapshot_url_allow'
  }
  if (!rules.allowPrivate && addresses.some((one) => isListed(loopbackOrPrivate, one))) {
    return 'loopback and private addresses are refused by service.snapshot_url_private'
  }
  return undefined
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address)
  // What is no address cannot be judged, so it is not let through.
  return family === 0 || list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** The IPv4 address inside an IPv4-mapped, IPv4-compatible, NAT64, 6to4 or Teredo address: that is where packets go. */
function embeddedIpv4(address: string): readonly string[] {
  if (isIP(address) !== 6) return []
  const words = wordsOf(address)
  const isCarrier = (...start: readonly number[]) => start.every((word, i) => words[i] === word)
  const ipv4 = (at: number, mask = 0) =>
    words
      .slice(at, at + 2)
      .map((word) => word ^ mask)
      .flatMap((word) => [word >> 8, word & 0xff])
      .join('.')
  if (isCarrier(0, 0, 0, 0, 0, 0xffff) || isCarrier(0, 0, 0, 0, 0xffff, 0)) return [ipv4(6)]
  if (isCarrier(0x64, 0xff9b, 0, 0, 0, 0) || isCarrier(0x64, 0xff9b, 1)) return [ipv4(6)]
  if (isCarrier(0, 0, 0, 0, 0, 0) && !(words[6] === 0 && (words[7] ?? 0) <= 1)) return [ipv4(6)]
  if (isCarrier(0x2001, 0)) return [ipv4(6, 0xffff)]
  return isCarrier(0x2002) ? [ipv4(1)] : []
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): readonly number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::', 2)
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)))
  if (tail === undefined) return parse(head)
  const left = parse(head)
  const right = parse(tail)
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function blockList(...subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of subnets)
    list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4')
  return list
}
