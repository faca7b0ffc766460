import { createHash } from 'node:crypto'
import { hashWords, wordsOfId } from '../../src/ids/point-id.ts'

/** JSON as the model holds it; numbers are doubles. */
export type ModelJson = null | boolean | number | string | ModelJson[] | { [key: string]: ModelJson }
export type ModelPayload = Record<string, ModelJson>

export interface ModelPoint {
  readonly id: string | number | bigint
  readonly payload: ModelPayload
  /** float32 values. */
  readonly vectors: Readonly<Record<string, ModelVector>>
}

/** Dense, sparse, or several. */
export type ModelVector =
  | readonly number[]
  | { readonly indices: readonly number[]; readonly values: readonly number[] }
  | readonly (readonly number[])[]

/** A collection as a plain map. Values are never changed in place, so that a copy of the map is a snapshot. */
export class ModelCollection {
  readonly shardNumber: number
  /** Which collection it is, whatever its name: a clone is another one, a rollback is not. */
  readonly identity: number
  points: Map<string, ModelPoint>
  /** Which vector `side` it has: each that is added is another one. Undefined: none. */
  side: number | undefined = 0
  #hash: string | undefined

  constructor(shardNumber: number, identity: number, points: ReadonlyMap<string, ModelPoint> = new Map()) {
    this.shardNumber = shardNumber
    this.identity = identity
    this.points = new Map(points)
  }

  /** The same points, as the same or another collection. */
  copy(identity = this.identity): ModelCollection {
    const copy = new ModelCollection(this.shardNumber, identity, this.points)
    copy.#hash = this.#hash
    copy.side = this.side
    return copy
  }

  /** With the points of one shard only, or of all but this one. */
  part(shard: number, isOthers = false): ModelCollection {
    const part = this.copy()
    const isOf = ({ id }: ModelPoint): boolean => hashWords(wordsOfId(id)) % this.shardNumber === shard
    for (const point of this.points.values()) if (isOf(point) === isOthers) part.delete(point.id)
    return part
  }

  /** With the points of a shard instead of its own. */
  withPart(shard: number, part: ModelCollection): ModelCollection {
    const whole = this.part(shard, true)
    for (const point of part.points.values()) whole.set(point)
    return whole
  }

  set(point: ModelPoint): void {
    this.points.set(String(point.id), point)
    this.#hash = undefined
  }

  delete(id: string | number | bigint): void {
    this.points.delete(String(id))
    this.#hash = undefined
  }

  /** In id order. */
  sorted(): ModelPoint[] {
    return [...this.points.values()].sort(byId)
  }

  /** The SHA-256 that `contentHash` promises: points in id order, vectors bit for bit, payload with sorted keys. */
  hash(): string {
    if (this.#hash !== undefined) return this.#hash
    const hash = createHash('sha256')
    for (const point of this.sorted()) {
      hash.update(`${String(point.id)}\n`)
      for (const name of Object.keys(point.vectors).sort()) {
        for (const part of hashedParts(JSON.stringify(name), point.vectors[name]!)) hash.update(part)
      }
      hash.update(`${canonical(point.payload)}\n`)
    }
    return (this.#hash = hash.digest('hex'))
  }
}

function hashedParts(name: string, vector: ModelVector): (string | Uint8Array)[] {
  const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
  if ('indices' in vector) {
    const { indices, values } = vector
    const places = new Uint8Array(Uint32Array.from(indices).buffer)
    return [`${name} sparse ${indices.length}\n`, places, floats(values)]
  }
  if (Array.isArray(vector[0])) {
    const rows = vector as readonly (readonly number[])[]
    return [`${name} multi ${rows.length}x${rows[0]!.length}\n`, floats(rows.flat())]
  }
  return [`${name} ${vector.length}\n`, floats(vector as readonly number[])]
}

function byId(a: ModelPoint, b: ModelPoint): number {
  const isText = (point: ModelPoint): boolean => typeof point.id === 'string'
  if (isText(a) !== isText(b)) return isText(a) ? 1 : -1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

export function canonical(value: ModelJson): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(',')}}`
}

export interface ModelSnapshot {
  readonly name: string
  readonly collections: ReadonlyMap<string, ModelCollection>
  readonly aliases: ReadonlyMap<string, string>
  readonly label: string
  readonly isHeld: boolean
  /** Of a snapshot of one shard: it holds the points of this one only. */
  readonly shard?: number | undefined
}

/** Everything that a user could ask of the database, as plain maps. */
export class ModelDatabase {
  readonly collections = new Map<string, ModelCollection>()
  readonly aliases = new Map<string, string>()
  /** By id. */
  readonly snapshots = new Map<string, ModelSnapshot>()
  /** Whether every moment is kept from here on. */
  isKeepingMoments = false
  /** What was there after each operation, by number, while moments are kept. */
  readonly moments = new Map<number, ReadonlyMap<string, ModelCollection>>()

  /** One text that two equal states share. */
  fingerprint(): string {
    const collections = [...this.collections].map(([name, c]) => `${name}=${c.hash()}`).sort()
    const aliases = [...this.aliases].map(([alias, name]) => `${alias}->${name}`).sort()
    const snapshots = [...this.snapshots].map(([id, snapshot]) => {
      const held = [...snapshot.collections].map(([name, c]) => `${name}=${c.hash()}`).sort()
      const named = [...snapshot.aliases].map(([alias, name]) => `${alias}->${name}`).sort()
      const marks = `${snapshot.label} ${snapshot.isHeld}`
      return `${id} ${snapshot.name} ${marks} ${held.join(' ')} ${named.join(' ')}`
    })
    const moments = this.isKeepingMoments ? ['every moment'] : []
    return [...collections, ...aliases, ...snapshots.sort(), ...moments].join('\n')
  }
}
