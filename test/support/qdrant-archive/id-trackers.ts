import { idKindNumber, wordsOfId, type PointId } from '../../../src/ids/point-id.ts'

export interface TrackedPoint {
  readonly id: PointId
  readonly version: number
  readonly isDeleted?: boolean
}

export type Files = Map<string, Buffer>

/** The files of an id tracker; the slot of a point is its place. */
export function trackerFiles(kind: 'mutable' | 'immutable' | 'disk', points: readonly TrackedPoint[]): Files {
  const versions = Buffer.concat(points.map(({ version }) => u64(version)))
  if (kind === 'mutable') {
    const log = points.map(({ id }, slot) => logEntry('insert', id, slot))
    const deletions = points.filter(({ isDeleted }) => isDeleted).map(({ id }) => logEntry('delete', id))
    return new Map([
      ['mutable_id_tracker.mappings', Buffer.concat([...log, ...deletions])],
      ['mutable_id_tracker.versions', versions],
    ])
  }
  const deleted = bits(
    points.map(({ isDeleted }) => isDeleted === true),
    Math.ceil(points.length / 64) * 8,
  )
  const common: [string, Buffer][] = [
    ['id_tracker.deleted', deleted],
    ['id_tracker.versions', versions],
  ]
  if (kind === 'disk') return new Map([...diskFiles(points), ...common])
  const entries = points.map(({ id }, slot) =>
    Buffer.concat([Buffer.from([wordsOfId(id).kind]), idBytes(id), u32(slot)]),
  )
  return new Map([['id_tracker.mappings', Buffer.concat([u64(points.length), ...entries])], ...common])
}

/** One entry of the log of a mutable tracker. */
export function logEntry(what: 'insert' | 'delete', id: PointId, slot = 0): Buffer {
  const kind = (what === 'insert' ? 1 : 3) + wordsOfId(id).kind
  return Buffer.concat([Buffer.from([kind]), idBytes(id), ...(what === 'insert' ? [u32(slot)] : [])])
}

function diskFiles(points: readonly TrackedPoint[]): [string, Buffer][] {
  const i2e = [u64(0x51445f4932450001n), u32(2), u32(0), u64(points.length), u64(0)]
  for (const { id } of points) i2e.push(wideId(id))
  const slots = points.map((_, slot) => slot)
  const isNumber = (slot: number): boolean => wordsOfId(points[slot]!.id).kind === idKindNumber
  const numbers = slots.filter(isNumber)
  const uuids = slots.filter((slot) => !isNumber(slot))
  const head = [u64(0x51445f4532490001n), u32(2), u32(0), u64(numbers.length), u64(uuids.length), u32(1365)]
  const parts = [
    Buffer.concat([...head, u32(819), u64(0)]),
    Buffer.alloc(Math.ceil(numbers.length / 1365) * 8),
    Buffer.alloc(Math.ceil(uuids.length / 819) * 16),
    Buffer.concat(numbers.map((slot) => Buffer.concat([wideId(points[slot]!.id).subarray(0, 8), u32(slot)]))),
    Buffer.concat(uuids.map((slot) => Buffer.concat([wideId(points[slot]!.id), u32(slot)]))),
  ]
  const aligned = parts.map((part, i) => {
    return i === parts.length - 1 ? part : Buffer.concat([part, Buffer.alloc((16 - (part.length % 16)) % 16)])
  })
  return [
    ['id_tracker.i2e', Buffer.concat(i2e)],
    ['id_tracker.e2i', Buffer.concat(aligned)],
  ]
}

/** As an integer of 16 bytes. */
function wideId(id: PointId): Buffer {
  const bytes = idBytes(id)
  return bytes.length === 8 ? Buffer.concat([bytes, Buffer.alloc(8)]) : Buffer.from(bytes).reverse()
}

function idBytes(id: PointId): Buffer {
  const { kind, w0, w1, w2, w3 } = wordsOfId(id)
  if (kind === idKindNumber) return Buffer.concat([u32(w0), u32(w1)])
  const bytes = Buffer.alloc(16)
  ;[w0, w1, w2, w3].forEach((word, i) => bytes.writeUInt32BE(word, 4 * i))
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export function bits(values: readonly boolean[], bytes: number): Buffer {
  const target = Buffer.alloc(bytes)
  values.forEach((value, i) => {
    if (value) target[i >> 3]! |= 1 << (i & 7)
  })
  return target
}
