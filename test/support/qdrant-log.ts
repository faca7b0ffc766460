import { crc32c } from '../../src/encoding/crc32c.ts'

// Reads what Qdrant's archives hold, simply and by itself: what is written is looked at by other code than wrote it.

export interface TarMember {
  readonly name: string
  readonly type: string
  readonly content: Buffer
}

/** GNU tar with plain files, directories and long names. */
export function readGnuTar(tar: Buffer): readonly TarMember[] {
  const members: TarMember[] = []
  let longName: string | undefined
  let at = 0
  while (tar.subarray(at, at + 512).some((byte) => byte !== 0)) {
    const text = (from: number, length: number): string =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '')
    if (tar.toString('latin1', at + 257, at + 265) !== 'ustar  \0') throw new Error(`no GNU header at ${at}`)
    let sum = 8 * 0x20
    for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += tar[at + i]!
    if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error(`wrong checksum at ${at}`)
    const bytes = Number.parseInt(text(124, 12), 8)
    const content = tar.subarray(at + 512, at + 512 + bytes)
    const type = text(156, 1)
    if (type === 'L') longName = content.toString('utf8').replace(/\0$/, '')
    else {
      members.push({ name: longName ?? text(0, 100), type, content })
      longName = undefined
    }
    at += 512 + Math.ceil(bytes / 512) * 512
  }
  if (tar.byteLength !== at + 1024 || tar.subarray(at).some((byte) => byte !== 0))
    throw new Error(`the archive does not end with two blocks of zeros at ${at}`)
  return members
}

/** The data of the entries of one file of the log. */
export function readLogFile(file: Buffer): readonly Buffer[] {
  if (file.toString('latin1', 0, 4) !== 'wal\0') throw new Error('no header of a log')
  const entries: Buffer[] = []
  let crc = file.readUInt32LE(4)
  let at = 8
  for (;;) {
    const length = Number(file.readBigUInt64LE(at))
    const end = at + 8 + length + ((4 - length) & 7)
    let reversed = 0
    for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((crc >>> bit) & 1)
    const next = crc32c(file.subarray(at, end), ~reversed >>> 0)
    const stored = file.readUInt32LE(end)
    if (next !== stored) {
      if (stored !== 0 || length !== 0) throw new Error(`the entry at ${at} has another checksum`)
      if (file.byteLength - at < 16 || file.byteLength % 8 !== 0) throw new Error('the file ends too soon')
      return entries
    }
    entries.push(file.subarray(at + 8, at + 8 + length))
    crc = next
    at = end + 4
  }
}

/** A float, told apart from an integer of the same value. */
export class CborFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

export type CborValue =
  null | boolean | number | bigint | string | Uint8Array | CborFloat | readonly CborValue[] | CborObject
export interface CborObject {
  readonly [key: string]: CborValue
}

/** The whole of the bytes as one value. */
export function decodeCbor(bytes: Buffer): CborValue {
  let at = 0
  const count = (info: number): number | bigint => {
    if (info < 24) return info
    const length = 1 << (info - 24)
    if (info > 27) throw new Error(`length ${info} at ${at}`)
    at += length
    if (length < 8) return bytes.readUIntBE(at - length, length)
    const big = bytes.readBigUInt64BE(at - 8)
    return big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big
  }
  const value = (): CborValue => {
    const first = bytes[at++]!
    const [major, info] = [first >> 5, first & 31]
    if (major === 7) return special(info)
    const n = count(info)
    if (major === 0) return n
    if (major === 1) return typeof n === 'bigint' ? -1n - n : -1 - n
    const length = Number(n)
    if (major === 2 || major === 3) {
      at += length
      const part = bytes.subarray(at - length, at)
      return major === 2 ? part : part.toString('utf8')
    }
    if (major === 4) return Array.from({ length }, value)
    if (major === 5)
      return Object.fromEntries(Array.from({ length }, () => [value() as string, value()] as const))
    throw new Error(`kind ${major} at ${at - 1}`)
  }
  const special = (info: number): CborValue => {
    if (info === 20 || info === 21) return info === 21
    if (info === 22) return null
    if (info === 26) return new CborFloat(bytes.readFloatBE((at += 4) - 4))
    if (info === 27) return new CborFloat(bytes.readDoubleBE((at += 8) - 8))
    throw new Error(`special ${info} at ${at - 1}`)
  }
  const decoded = value()
  if (at !== bytes.byteLength) throw new Error(`${bytes.byteLength - at} bytes behind the value`)
  return decoded
}

export interface ArchivedPoint {
  readonly shard: number
  /** A number, or the hexadecimal digits of a UUID. */
  readonly id: CborValue
  readonly vector: CborValue
  readonly payload: CborValue
}

export interface ReadArchive {
  readonly members: readonly TarMember[]
  readonly points: readonly ArchivedPoint[]
  json(name: string): unknown
}

/** An archive whose points are upserts in the log, as those that are written have them. */
export function readLogArchive(tar: Buffer): ReadArchive {
  const members = readGnuTar(tar)
  const points: ArchivedPoint[] = []
  const nextIndex = new Map<string, number>()
  for (const { name, content } of members) {
    const [, shard, start] = /^(\d+)\/wal\/(?:closed-(\d+)|open-1)$/.exec(name) ?? []
    if (shard === undefined) continue
    const next = nextIndex.get(shard) ?? 0
    if (Number.isNaN(next) || (start !== undefined && next !== Number(start)))
      throw new Error(`${name} does not go on`)
    const entries = readLogFile(content)
    // Nothing follows the open one.
    nextIndex.set(shard, start === undefined ? Number.NaN : next + entries.length)
    for (const entry of entries) points.push(...pointsOf(Number(shard), decodeCbor(entry)))
  }
  const json = (name: string): unknown =>
    JSON.parse(members.find((member) => member.name === name)!.content.toString('utf8'))
  return { members, points, json }
}

function pointsOf(shard: number, operation: CborValue): ArchivedPoint[] {
  const { upsert_points: upsert } = operation as { readonly upsert_points: CborObject }
  return (upsert['points'] as readonly CborObject[]).map(({ id, vector, payload }) => ({
    shard,
    id: id instanceof Uint8Array ? Buffer.from(id).toString('hex') : id!,
    vector: vector!,
    payload: payload!,
  }))
}
