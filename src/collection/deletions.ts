import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import { seqOf } from '../ids/brands.ts'
import type { DeltaRef } from '../manifest/format.ts'
import { assert } from '../runtime/assert.ts'

/** Deletions that were in force when an entry joined: those of another entry, up to a number. */
export interface DeletionsBase {
  readonly source: Deletions
  /** How many of the source's own deletions count. */
  readonly count: number
  readonly upTo: SequenceNumber
}

// Invariants:
//   - own deletions are appended in the order of their numbers and never removed, so the first n of them
//     are what any earlier moment saw: clones and snapshots share this object with the living collection.
//   - persisted delta files cover a prefix of the own deletions.

/** The deletions of one entry: (row, sequence number) pairs, and the dead rows as a bitset. */
export class Deletions {
  readonly owner: CollectionId
  readonly #base: DeletionsBase | undefined
  /** Delta files behind the base when it was read from the store. */
  #readRefs: readonly DeltaRef[] = []
  #baseDead: Uint32Array | undefined
  #rows: Uint32Array = new Uint32Array(0)
  #seqs: Float64Array = new Float64Array(0)
  #count = 0
  #dead: Uint32Array = new Uint32Array(0)
  #deadIsBuilt: boolean
  /** The last prefix that was asked for: whoever reads a snapshot asks again. */
  #past: { readonly count: number; readonly dead: Uint32Array } | undefined
  #persisted: DeltaRef[] = []
  #persistedCount = 0
  /** What readers go on seeing while a record is applied: 'now' until its first deletion. */
  #held: 'now' | { readonly count: number; readonly dead: Uint32Array } | undefined

  constructor(owner: CollectionId, base?: DeletionsBase) {
    this.owner = owner
    this.#base = base
    this.#deadIsBuilt = base === undefined
  }

  /** From delta files: `inherited` rows are dead from the start, `own` are (row, number) pairs in order. */
  static read(
    owner: CollectionId,
    inheritedRefs: readonly DeltaRef[],
    inheritedRows: readonly Uint32Array[],
    ownRefs: readonly DeltaRef[],
    own: readonly { readonly row: number; readonly seq: SequenceNumber }[],
  ): Deletions {
    const deletions = new Deletions(owner)
    deletions.#setInherited(inheritedRefs, inheritedRows)
    for (const { row, seq } of own) deletions.mark(row, seq)
    deletions.#persisted = [...ownRefs]
    deletions.#persistedCount = deletions.#count
    return deletions
  }

  #setInherited(refs: readonly DeltaRef[], rows: readonly Uint32Array[]): void {
    this.#readRefs = refs
    let dead: Uint32Array = new Uint32Array(0)
    for (const list of rows) for (const row of list) dead = setBit(dead, row)
    this.#baseDead = dead
    this.#dead = dead.slice()
  }

  /** Own deletions so far. */
  get count(): number {
    return this.#count
  }

  /** How many own deletions have a number up to `seq`. */
  countUpTo(seq: SequenceNumber): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#seqs[middle]! <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The present deletions will be asked for again and again while others are added, until `show`. */
  hold(): void {
    this.#held = 'now'
  }

  show(): void {
    this.#held = undefined
  }

  mark(row: number, seq: SequenceNumber): void {
    assert(this.#count === 0 || this.#seqs[this.#count - 1]! <= seq, 'deletions come in order')
    if (this.#held === 'now') this.#held = { count: this.#count, dead: this.#liveDead().slice() }
    if (this.#count === this.#rows.length) this.#grow()
    this.#rows[this.#count] = row
    this.#seqs[this.#count] = seq
    this.#count += 1
    if (this.#deadIsBuilt) this.#dead = setBit(this.#dead, row)
  }

  isDead(row: number): boolean {
    const dead = this.#liveDead()
    const word = row >>> 5
    return word < dead.length && ((dead[word]! >>> (row & 31)) & 1) === 1
  }

  /** Dead rows after the first `count` own deletions. Shared where possible: read only. Words beyond the end are zero. */
  deadAfter(count: number): Uint32Array {
    if (count === this.#count) return this.#liveDead()
    if (typeof this.#held === 'object' && this.#held.count === count) return this.#held.dead
    if (this.#past?.count === count) return this.#past.dead
    let dead: Uint32Array = this.#deadAtJoin().slice()
    for (let i = 0; i < count; i++) dead = setBit(dead, this.#rows[i]!)
    this.#past = { count, dead }
    return dead
  }

  /** The pairs that no delta file holds yet, as far as the first `count`. */
  unpersisted(count: number): { row: number; seq: SequenceNumber }[] {
    const pairs = []
    for (let i = this.#persistedCount; i < count; i++) {
      pairs.push({ row: this.#rows[i]!, seq: seqOf(this.#seqs[i]!) })
    }
    return pairs
  }

  /** The pairs from the n-th on. */
  ownFrom(start: number): { row: number; seq: SequenceNumber }[] {
    const pairs = []
    for (let i = start; i < this.#count; i++) pairs.push({ row: this.#rows[i]!, seq: seqOf(this.#seqs[i]!) })
    return pairs
  }

  /** A delta file now holds the pairs up to the first `count`. */
  persisted(count: number, file: DeltaRef): void {
    assert(count > this.#persistedCount && count <= this.#count, 'a delta file covers new deletions')
    this.#persistedCount = count
    this.#persisted.push(file)
  }

  /** Delta files of the own deletions up to `seq`; those must be persisted by now. */
  ownRefs(seq: SequenceNumber): DeltaRef[] {
    const count = this.countUpTo(seq)
    assert(count <= this.#persistedCount, 'delta files are written before they are named')
    if (count === 0) return []
    const refs: DeltaRef[] = []
    let previous = -1
    for (const file of this.#persisted) {
      // A file whose predecessor reaches seq holds later deletions only.
      if (previous >= seq) break
      refs.push(file.upTo <= seq ? file : { ...file, upTo: seq })
      previous = file.upTo
    }
    return refs
  }

  /** Delta files that were in force when the entry joined. */
  inheritedRefs(): DeltaRef[] {
    if (this.#base === undefined) return [...this.#readRefs]
    return [...this.#base.source.inheritedRefs(), ...this.#base.source.ownRefs(this.#base.upTo)]
  }

  /** This object and those it stands on. */
  *chain(): Iterable<{ readonly deletions: Deletions; readonly count: number }> {
    if (this.#base !== undefined) {
      yield { deletions: this.#base.source, count: this.#base.count }
      yield* this.#base.source.chain()
    }
  }

  /** Every delta file with deletions that count here, those up to `seq` only if it is given. */
  knownRefs(seq?: SequenceNumber): DeltaRef[] {
    const below = this.#base === undefined ? this.#readRefs : this.#base.source.knownRefs(this.#base.upTo)
    if (seq === undefined) return [...below, ...this.#persisted]
    if (this.countUpTo(seq) === 0) return [...below]
    const end = this.#persisted.findIndex(({ upTo }) => upTo >= seq)
    return [...below, ...(end < 0 ? this.#persisted : this.#persisted.slice(0, end + 1))]
  }

  #deadAtJoin(): Uint32Array {
    this.#baseDead ??=
      this.#base === undefined ? new Uint32Array(0) : this.#base.source.deadAfter(this.#base.count).slice()
    return this.#baseDead
  }

  #liveDead(): Uint32Array {
    if (!this.#deadIsBuilt) {
      let dead: Uint32Array = this.#deadAtJoin().slice()
      for (let i = 0; i < this.#count; i++) dead = setBit(dead, this.#rows[i]!)
      this.#dead = dead
      this.#deadIsBuilt = true
    }
    return this.#dead
  }

  #grow(): void {
    const capacity = Math.max(8, this.#rows.length * 2)
    const rows = new Uint32Array(capacity)
    rows.set(this.#rows)
    const seqs = new Float64Array(capacity)
    seqs.set(this.#seqs)
    this.#rows = rows
    this.#seqs = seqs
  }
}

function setBit(bits: Uint32Array, row: number): Uint32Array {
  const word = row >>> 5
  let target = bits
  if (word >= bits.length) {
    target = new Uint32Array(Math.max(word + 1, bits.length * 2, 4))
    target.set(bits)
  }
  target[word]! |= 1 << (row & 31)
  return target
}
