/** Upper bounds of the classes of durations, in microseconds. */
const bucketBoundsMicros = [
  1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
  10_000_000,
] as const

/** Of so many of the newest durations the average is. */
const newestMax = 128

/** Collections that are counted by themselves; more share one name that no collection can have. */
const collectionsMax = 1_000
const otherCollections = '/others'

export type Protocol = 'rest' | 'grpc'

export interface Answered {
  /** What was asked for: `PUT /collections/{collection_name}/points`, or the name of a gRPC method. */
  readonly endpoint: string
  readonly status: number
  readonly durationMicros: number
  /** When it was answered, in milliseconds since 1970. */
  readonly at: number
  /** A collection that exists. */
  readonly collection?: string | undefined
}

/** By endpoint and by status. */
export type Tally = ReadonlyMap<string, ReadonlyMap<number, Durations>>

/** How long the requests of one kind took. */
export class Durations {
  #count = 0
  #totalMicros = 0
  #minMicros = Infinity
  #maxMicros = 0
  #lastAt = 0
  readonly #newest: number[] = []
  readonly #buckets = new Array<number>(bucketBoundsMicros.length).fill(0)

  add(micros: number, at: number): void {
    this.#newest[this.#count % newestMax] = micros
    this.#count += 1
    this.#totalMicros += micros
    this.#minMicros = Math.min(this.#minMicros, micros)
    this.#maxMicros = Math.max(this.#maxMicros, micros)
    this.#lastAt = at
    const bucket = bucketBoundsMicros.findIndex((bound) => micros <= bound)
    if (bucket >= 0) this.#buckets[bucket]! += 1
  }

  get count(): number {
    return this.#count
  }

  get totalMicros(): number {
    return this.#totalMicros
  }

  /** 0 before the first; so is the highest. */
  get minMicros(): number {
    return this.#count === 0 ? 0 : this.#minMicros
  }

  get maxMicros(): number {
    return this.#maxMicros
  }

  /** Of the newest 128. */
  get averageMicros(): number {
    if (this.#count === 0) return 0
    return this.#newest.reduce((sum, micros) => sum + micros, 0) / this.#newest.length
  }

  /** Milliseconds since 1970. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** How many took no longer than each bound. */
  cumulated(): readonly { readonly boundMicros: number; readonly count: number }[] {
    let sum = 0
    return bucketBoundsMicros.map((boundMicros, i) => ({ boundMicros, count: (sum += this.#buckets[i]!) }))
  }
}

/** What was asked of this process since it started, as telemetry and metrics tell it. */
export class RequestStatistics {
  readonly #all: Record<Protocol, MutableTally> = { rest: new Map(), grpc: new Map() }
  readonly #perCollection: Record<Protocol, Map<string, MutableTally>> = { rest: new Map(), grpc: new Map() }

  record(protocol: Protocol, answered: Answered): void {
    addTo(this.#all[protocol], answered)
    if (answered.collection === undefined) return
    const tallies = this.#perCollection[protocol]
    const isFull = tallies.size >= collectionsMax && !tallies.has(answered.collection)
    const tally = entryOf(tallies, isFull ? otherCollections : answered.collection, newTally)
    addTo(tally, answered)
  }

  all(protocol: Protocol): Tally {
    return this.#all[protocol]
  }

  perCollection(protocol: Protocol): ReadonlyMap<string, Tally> {
    return this.#perCollection[protocol]
  }
}

type MutableTally = Map<string, Map<number, Durations>>

const newTally = (): MutableTally => new Map()

function addTo(tally: MutableTally, { endpoint, status, durationMicros, at }: Answered): void {
  const statuses = entryOf(tally, endpoint, () => new Map<number, Durations>())
  entryOf(statuses, status, () => new Durations()).add(durationMicros, at)
}

function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}
