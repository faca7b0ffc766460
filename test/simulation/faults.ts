import type { Random } from '../../src/runtime/random.ts'
import type { CrashVariant } from '../support/simulated-disk.ts'

/** What may go wrong besides what users do. `power` and `crash` end a life in the middle of whatever goes on. */
export const faultKinds = ['io', 'full', 'flip', 'crash', 'power', 'clock'] as const
export type FaultKind = (typeof faultKinds)[number]

export type DiskRequestKind =
  | 'readFile'
  | 'readRange'
  | 'list'
  | 'stat'
  | 'realPath'
  | 'create'
  | 'append'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'removeDirectory'
  | 'syncDirectory'
  | 'lock'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'

export interface DiskRequest {
  readonly kind: DiskRequestKind
  readonly path: string
  /** Of a write. */
  readonly bytes: number
}

export type Fault =
  /** The operation fails; of a write that many bytes arrive before, and of the others perhaps everything. */
  | {
      readonly kind: 'error'
      readonly code: 'EIO' | 'EMFILE' | 'ENOSPC'
      readonly written: number
      readonly happens: boolean
    }
  /** One bit of what was read is another; the same one again if the medium is at fault. */
  | { readonly kind: 'flip'; readonly place: number; readonly bit: number; readonly isSticky: boolean }

const reads: ReadonlySet<DiskRequestKind> = new Set(['readFile', 'readRange', 'list', 'stat', 'realPath'])
const contentReads: ReadonlySet<DiskRequestKind> = new Set(['readFile', 'readRange'])
const opens: ReadonlySet<DiskRequestKind> = new Set(['readFile', 'readRange', 'create', 'append', 'list'])
const needsSpace: ReadonlySet<DiskRequestKind> = new Set(['write', 'create', 'makeDirectory'])

/** The faults of one life, by its seed: at most a few kinds at once, some for a moment, some for as long as it lasts. */
export class LifeFaults {
  readonly kinds: ReadonlySet<FaultKind>
  /** Number of events of this life after which the process is gone; Infinity if it is not. */
  readonly endsAfter: number
  /** Or right after so many operations of one kind: where order matters, one moment is worth more than others. */
  readonly #endsWith: { readonly kind: DiskRequestKind; readonly part: RegExp; left: number } | undefined
  readonly #random: Random
  readonly #io: {
    readonly from: number
    readonly until: number
    readonly rate: number
    readonly side: string
  }
  readonly #full: { readonly bytes: number; readonly refusals: number }
  readonly #flip: { readonly rate: number; readonly isSticky: boolean; readonly part: RegExp }
  #requests = 0
  #bytes = 0
  #refused = 0
  readonly #damaged = new Map<string, { readonly place: number; readonly bit: number }>()
  /** Files of which other bytes were read than they hold. */
  readonly flipped = new Set<string>()
  /** Operations that failed though nothing was wrong with them. */
  failed = 0

  constructor(random: Random, kinds: ReadonlySet<FaultKind>) {
    this.#random = random
    this.kinds = kinds
    const int = (below: number): number => Math.floor(random.next() * below)
    // While it starts, or later: a start is some tens of operations of the disk.
    const endsEarly = random.next() < 0.3
    const ends = kinds.has('crash') || kinds.has('power')
    this.endsAfter = ends ? int(endsEarly ? 60 : 800) : Infinity
    const kind = pick(random, ['rename', 'sync', 'syncDirectory', 'remove', 'write'] as const)
    const part = pick(random, [/./, /\/catalog\//, /\/log\//])
    this.#endsWith =
      ends && random.next() < 0.6 ? { kind, part, left: 1 + int(endsEarly ? 4 : 30) } : undefined
    const from = random.next() < 0.4 ? int(60) : int(600)
    const length = random.next() < 0.5 ? 1 : int(300)
    this.#io = {
      from,
      until: from + length,
      rate: length === 1 ? 1 : 0.02 + random.next() * random.next(),
      side: pick(random, ['reads', 'writes', 'both']),
    }
    this.#full = { bytes: int(random.next() < 0.5 ? 4_000 : 60_000), refusals: 1 + int(60) }
    this.#flip = {
      rate: random.next() < 0.5 ? 0.04 : 0.3,
      isSticky: random.next() < 0.4,
      part: pick(random, [
        /./,
        /\/log\//,
        /\/rows\.parquet$/,
        /\/segments\//,
        /\/catalog\//,
        /\/(snapshots|collections)\//,
      ]),
    }
  }

  /** How the disk looks when the process is gone. */
  crashVariant(): CrashVariant {
    if (!this.kinds.has('power')) return 'all'
    return this.#random.next() < 0.3 ? 'synced' : { torn: Math.floor(this.#random.next() * 2 ** 31) }
  }

  /** True once the process is gone by what the disk has done. */
  get isOver(): boolean {
    return this.#endsWith !== undefined && this.#endsWith.left <= 0
  }

  /** An operation was done; `what` names its files. */
  done(kind: DiskRequestKind, what: string): void {
    if (this.#endsWith?.kind === kind && this.#endsWith.part.test(what)) this.#endsWith.left -= 1
  }

  decide(request: DiskRequest): Fault | undefined {
    this.#requests += 1
    return this.#ioFault(request) ?? this.#fullFault(request) ?? this.#flipFault(request)
  }

  #ioFault({ kind, bytes }: DiskRequest): Fault | undefined {
    if (!this.kinds.has('io')) return undefined
    const { from, until, rate, side } = this.#io
    if (this.#requests < from || this.#requests >= until || this.#random.next() >= rate) return undefined
    if (side === 'reads' && !reads.has(kind)) return undefined
    if (side === 'writes' && reads.has(kind)) return undefined
    this.failed += 1
    const code = opens.has(kind) && this.#random.next() < 0.3 ? 'EMFILE' : 'EIO'
    return {
      kind: 'error',
      code,
      written: Math.floor(this.#random.next() * (bytes + 1)),
      happens:
        code === 'EIO' && ['rename', 'remove', 'truncate'].includes(kind) && this.#random.next() < 0.25,
    }
  }

  #fullFault({ kind, bytes }: DiskRequest): Fault | undefined {
    if (!this.kinds.has('full') || !needsSpace.has(kind)) return undefined
    const room = this.#full.bytes - this.#bytes
    this.#bytes += bytes
    // Somebody frees some space in the end.
    if (room >= bytes || this.#refused >= this.#full.refusals) return undefined
    this.#refused += 1
    this.failed += 1
    return { kind: 'error', code: 'ENOSPC', written: Math.max(0, room), happens: false }
  }

  #flipFault({ kind, path }: DiskRequest): Fault | undefined {
    if (!this.kinds.has('flip') || !contentReads.has(kind) || !this.#flip.part.test(path)) return undefined
    const damaged = this.#damaged.get(path)
    if (damaged !== undefined) return { kind: 'flip', ...damaged, isSticky: true }
    if (this.#random.next() >= this.#flip.rate) return undefined
    // Beginnings and ends matter more than what is between: headers, footers, the last record of a log.
    const side = this.#random.next()
    const place =
      side < 0.5 ? this.#random.next() : Math.abs((side < 0.6 ? 0 : 1) - this.#random.next() * 0.1)
    const fault = { place: Math.min(place, 1 - 2 ** -20), bit: Math.floor(this.#random.next() * 8) }
    if (this.#flip.isSticky) this.#damaged.set(path, fault)
    return { kind: 'flip', ...fault, isSticky: this.#flip.isSticky }
  }
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)]!
}

/** Some lives go well; the others have one kind of fault, or two. */
export function drawKinds(random: Random, allowed: readonly FaultKind[]): ReadonlySet<FaultKind> {
  const kinds = new Set<FaultKind>()
  if (allowed.length === 0) return kinds
  const count = random.next() < 0.15 ? 0 : random.next() < 0.5 ? 1 : 2
  for (let n = 0; n < count; n++) kinds.add(pick(random, allowed))
  return kinds
}
