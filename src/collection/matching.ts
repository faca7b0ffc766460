import { parseUuid, wordsOfId, type PointId } from '../ids/point-id.ts'
import { compileFilter, type RowPredicate } from '../query/compile-filter.ts'
import { FieldIndexes } from '../query/field-index/field-indexes.ts'
import type { Filter } from '../query/filter.ts'
import type { RowSet } from '../segment/row-set.ts'
import { payloadValue, RowCursor } from './row-cursor.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'
import type { VectorSchema } from './vector-columns.ts'
import type { Slices } from '../runtime/slices.ts'
import { runInSlices, runToEnd, type Steps } from '../runtime/steps.ts'
import { aliveBits, visibleBits, type ViewEntry } from './view.ts'

type DeclaredIndexes = Readonly<Record<string, PayloadIndexParams>>

/** What of a collection's configuration a filter looks at. */
export interface FilteredSchema {
  readonly payloadIndexes: DeclaredIndexes
  readonly vectors: VectorSchema
}

/** A filter made ready for one collection. */
export class Matcher {
  readonly #filter: Filter
  readonly #predicate: RowPredicate
  readonly #declared: DeclaredIndexes
  readonly #ids: readonly PointId[] | undefined
  readonly #cursor: RowCursor

  /** @throws filter-invalid */
  constructor(filter: Filter, { payloadIndexes, vectors }: FilteredSchema) {
    this.#filter = filter
    this.#predicate = compileFilter(filter, { payloadIndexes })
    this.#declared = payloadIndexes
    this.#cursor = new RowCursor(vectors)
    this.#ids = filter.must?.find((condition) => condition.kind === 'has-id')?.ids
  }

  /** Visible rows of the entry that pass, as a bitset. */
  bits(entry: ViewEntry): Uint32Array {
    return runToEnd(this.bitsInSteps(entry, Infinity))
  }

  /** The same in steps that look at some `stepRows` rows each. */
  *bitsInSteps(entry: ViewEntry, stepRows: number): Steps<Uint32Array> {
    return yield* this.#passing(seenOf(entry), stepRows)
  }

  /** The same for several entries, with others running meanwhile. One caller at a time. */
  async bitsInSlices(entries: readonly ViewEntry[], slices: Slices): Promise<Uint32Array[]> {
    // At once: what a moment saw costs more to find out when others have come after it.
    const seen = entries.map(seenOf)
    const found: Uint32Array[] = []
    for (const one of seen) {
      // An index alone takes a millisecond, and many may ask it in one turn.
      if (slices.isDue()) await slices.pause()
      found.push(await runInSlices(this.#passing(one, wordRows), slices))
    }
    return found
  }

  *#passing(seen: SeenRows, stepRows: number): Steps<Uint32Array> {
    const { rows } = seen
    const indexes =
      this.#ids === undefined ? yield* indexesInSteps(rows, this.#declared, stepRows) : undefined
    const { bits, areAll } = this.#narrowed(seen, indexes)
    if (areAll) return bits
    let looked = 0
    for (let word = 0; word < bits.length; word++) {
      if (bits[word] === 0) continue
      if (looked >= stepRows) {
        looked = 0
        yield
      }
      looked += wordRows
      this.#test(rows, bits, word)
    }
    return bits
  }

  /** Without what ids and indexes know not to pass, and whether all others do. */
  #narrowed(
    seen: SeenRows,
    indexes: FieldIndexes | undefined,
  ): { readonly bits: Uint32Array; readonly areAll: boolean } {
    if (this.#ids !== undefined) return { bits: keptOf(seen, rowsOfIds(seen.rows, this.#ids)), areAll: false }
    const helped = indexes?.candidates(this.#filter, indexes.rowCount)
    if (helped === undefined) return { bits: bitsOf(seen), areAll: false }
    return { bits: keptOf(seen, helped.bitset), areAll: helped.exact }
  }

  #test(rows: RowSet, bits: Uint32Array, word: number): void {
    let rest = bits[word]!
    while (rest !== 0) {
      const bit = 31 - Math.clz32(rest & -rest)
      rest &= rest - 1
      if (!this.#predicate.test(this.#cursor.at(rows, word * 32 + bit))) bits[word]! &= ~(1 << bit)
    }
  }
}

const wordRows = 32
const noneDead = new Uint32Array(0)

/** The rows of an entry that its view sees. */
interface SeenRows {
  readonly rows: RowSet
  readonly rowLimit: number
  /** The caller's own; undefined: all up to the limit. */
  readonly bits: Uint32Array | undefined
}

function seenOf(entry: ViewEntry): SeenRows {
  return { rows: entry.handle.rows, rowLimit: entry.rowLimit, bits: visibleBits(entry) }
}

function bitsOf({ bits, rowLimit }: SeenRows): Uint32Array {
  return bits ?? aliveBits(rowLimit, noneDead)
}

/** Those that are in `mask`, too, which nobody else needs: it is as good as a copy where all rows are seen. */
function keptOf(seen: SeenRows, mask: Uint32Array): Uint32Array {
  const words = (seen.rowLimit + 31) >>> 5
  if (seen.bits === undefined && mask.length >= words) {
    const bits = mask.subarray(0, words)
    const rest = seen.rowLimit & 31
    if (rest !== 0) bits[words - 1]! &= 2 ** rest - 1
    return bits
  }
  const bits = bitsOf(seen)
  const known = Math.min(bits.length, mask.length)
  for (let i = 0; i < known; i++) bits[i]! &= mask[i]!
  return bits.fill(0, known)
}

function rowsOfIds(rows: RowSet, ids: readonly PointId[]): Uint32Array {
  const bits = new Uint32Array((rows.rowCount + 31) >>> 5)
  for (const id of ids) {
    const words = typeof id === 'string' ? parseUuid(id) : wordsOfId(id)
    if (words === undefined) continue
    for (let row = rows.findNewest(words); row !== undefined; row = rows.olderRow(row))
      bits[row >>> 5]! |= 1 << (row & 31)
  }
  return bits
}

/** Rows of a bitset, ascending. */
export function* rowsOf(bits: Uint32Array): Iterable<number> {
  for (let word = 0; word < bits.length; word++) {
    let rest = bits[word]!
    while (rest !== 0) {
      yield word * 32 + (31 - Math.clz32(rest & -rest))
      rest &= rest - 1
    }
  }
}

interface CachedIndexes {
  readonly declared: DeclaredIndexes
  readonly indexes: FieldIndexes
}

// Derived data: forgotten with the rows, rebuilt when the declarations change.
const cache = new WeakMap<RowSet, CachedIndexes>()

/** The index structures of a row set, brought up to its present rows; undefined without declared indexes. */
export function indexesOf(rows: RowSet, declared: DeclaredIndexes): FieldIndexes | undefined {
  return runToEnd(indexesInSteps(rows, declared, Infinity))
}

/** The same in steps that look at some `stepRows` rows each. */
function* indexesInSteps(
  rows: RowSet,
  declared: DeclaredIndexes,
  stepRows: number,
): Steps<FieldIndexes | undefined> {
  const indexes = knownIndexesOf(rows, declared)
  if (indexes === undefined) return undefined
  while (indexes.rowCount < rows.rowCount) {
    const end = Math.min(indexes.rowCount + stepRows, rows.rowCount)
    indexes.extend(end, (row) => payloadValue(rows, row))
    if (end < rows.rowCount) yield
  }
  return indexes
}

function knownIndexesOf(rows: RowSet, declared: DeclaredIndexes): FieldIndexes | undefined {
  if (Object.keys(declared).length === 0) return undefined
  let cached = cache.get(rows)
  if (cached === undefined || cached.declared !== declared) {
    cached = { declared, indexes: new FieldIndexes(declared) }
    cache.set(rows, cached)
  }
  return cached.indexes
}
