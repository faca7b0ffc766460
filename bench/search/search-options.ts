import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DataShape } from './data/data-set.ts'
import { isKind, kinds, type Kind } from './data/mixtures.ts'
import { engineKinds, type EngineKind } from './adapters/adapter.ts'
import type { PeerPlaces } from './engines.ts'

export interface SearchOptions {
  readonly shapes: readonly Omit<DataShape, 'seed'>[]
  readonly places: PeerPlaces
  /** Only these take part; undefined: all that are there. */
  readonly engines: readonly EngineKind[] | undefined
  /** Where data sets are kept from run to run. */
  readonly cache: string
  /** Of one measured load, over all of its rounds. */
  readonly milliseconds: number
  readonly rounds: number
  /** What is measured besides recall and speed. */
  readonly parts: readonly Part[]
}

export const parts = ['clients', 'filters', 'threads', 'upkeep'] as const
export type Part = (typeof parts)[number]

export interface SearchFlags {
  readonly rows: string | undefined
  readonly dimensions: string | undefined
  readonly kinds: string | undefined
  readonly engines?: string | undefined
  readonly peers: string | undefined
  readonly qdrant: string | undefined
  readonly rounds: string | undefined
  readonly parts?: string | undefined
  readonly quick: boolean
}

/** Rows for each number of dimensions, so that all take about as long to build. */
const fullRows: Readonly<Record<number, number>> = { 128: 100_000, 768: 50_000, 1_536: 20_000 }
const quickRows: Readonly<Record<number, number>> = { 128: 25_000, 768: 4_000 }
const otherRows = 20_000
const roundMs = 250

/** @throws Error for a flag that means nothing */
export function searchOptionsOf(flags: SearchFlags): SearchOptions {
  const byDefault = flags.quick ? quickRows : fullRows
  const dimensions = flags.dimensions?.split(',') ?? Object.keys(byDefault)
  const shapes = dimensions.flatMap((text) => {
    const size = countOf('dimensions', text)
    const rows = flags.rows === undefined ? (byDefault[size] ?? otherRows) : countOf('rows', flags.rows)
    return kindsOf(flags.kinds).map((kind) => ({ kind, rows, dimensions: size }))
  })
  const rounds = flags.rounds === undefined ? (flags.quick ? 2 : 4) : countOf('rounds', flags.rounds)
  return {
    shapes,
    places: { peers: flags.peers, qdrant: flags.qdrant },
    engines: flags.engines?.split(',').map(engineKindOf),
    cache: join(tmpdir(), 'stillpoint-bench-data'),
    milliseconds: roundMs * rounds,
    rounds,
    parts: flags.parts?.split(',').map(partOf) ?? parts,
  }
}

function partOf(text: string): Part {
  const part = parts.find((one) => one === text)
  if (part === undefined) throw new Error(`There is no part ${text}: they are ${parts.join(', ')}`)
  return part
}

function kindsOf(text: string | undefined): readonly Kind[] {
  const names = text?.split(',') ?? kinds
  return names.map((name) => {
    if (!isKind(name)) throw new Error(`There is no kind of data ${name}: they are ${kinds.join(', ')}`)
    return name
  })
}

function engineKindOf(name: string): EngineKind {
  const kind = engineKinds.find((one) => one === name)
  if (kind === undefined) throw new Error(`There is no engine ${name}: they are ${engineKinds.join(', ')}`)
  return kind
}

function countOf(flag: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`--${flag} is to be whole numbers from 1 on, not ${text}`)
  return count
}
