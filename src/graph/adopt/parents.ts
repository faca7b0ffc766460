import { assert } from '../../runtime/assert.ts'
import { childMark, equalMark, noRow, rowMask } from '../hnsw/hnsw-records.ts'
import type { Places } from './places.ts'
import type { SourceGraph } from './source-graph.ts'

// Invariants:
//   - a row's parent is a lower one, so no row is below itself.
//   - the children of a row are its parent entries, neither more nor fewer.

/** The tree within a graph, by which every row can be reached from the first. */
export class Parents {
  readonly #parentOf: Uint32Array
  readonly #childCount: Uint32Array
  // The children of a row, as a list in arrays.
  readonly #firstChild: Uint32Array
  readonly #nextChild: Uint32Array
  readonly #most: number

  private constructor(rowCount: number, most: number) {
    this.#parentOf = new Uint32Array(rowCount).fill(noRow)
    this.#childCount = new Uint32Array(rowCount)
    this.#firstChild = new Uint32Array(rowCount).fill(noRow)
    this.#nextChild = new Uint32Array(rowCount).fill(noRow)
    this.#most = most
  }

  /** Who has lost a parent gets the next one above that is left, or another lower row that has room. */
  static of(source: SourceGraph, places: Places): Parents {
    const { originOf, placeOf, rowCount } = places
    const parents = new Parents(rowCount, Math.max(2, source.m >>> 2))
    const before = parentsIn(source)
    const orphans: number[] = []
    let root = noRow
    for (let row = 0; row < rowCount; row++) {
      const origin = originOf[row]!
      if (origin === noRow) continue
      const parent = before[origin] === noRow ? noRow : placeOf[before[origin]!]!
      if (root === noRow) root = row
      else if (parent !== noRow && parent < row) parents.#add(parent, row)
      else orphans.push(row)
    }
    for (const row of orphans) {
      const near = parents.#nearAbove(source, places, before, row)
      parents.#add(near ?? parents.#withRoom(root, row), row)
    }
    return parents
  }

  /** 2^32 - 1 if it has none. */
  parentOf(row: number): number {
    return this.#parentOf[row]!
  }

  childrenOf(row: number): number[] {
    const children: number[] = []
    for (let child = this.#firstChild[row]!; child !== noRow; child = this.#nextChild[child]!)
      children.push(child)
    return children
  }

  #add(parent: number, child: number): void {
    assert(parent < child, 'a parent is a lower row')
    this.#parentOf[child] = parent
    this.#nextChild[child] = this.#firstChild[parent]!
    this.#firstChild[parent] = child
    this.#childCount[parent]! += 1
  }

  #remove(child: number): void {
    const parent = this.#parentOf[child]!
    let before = noRow
    let at = this.#firstChild[parent]!
    while (at !== child) [before, at] = [at, this.#nextChild[at]!]
    if (before === noRow) this.#firstChild[parent] = this.#nextChild[child]!
    else this.#nextChild[before] = this.#nextChild[child]!
    this.#childCount[parent]! -= 1
  }

  #hasRoom(row: number): boolean {
    return this.#childCount[row]! < this.#most
  }

  /** The next above that has a place, or a row linked from this one. */
  #nearAbove(source: SourceGraph, places: Places, before: Uint32Array, row: number): number | undefined {
    const origin = places.originOf[row]!
    const fits = (place: number) => place !== noRow && place < row && this.#hasRoom(place)
    for (let above = before[origin]!; above !== noRow; above = before[above]!) {
      if (fits(places.placeOf[above]!)) return places.placeOf[above]
    }
    const room = 2 * source.m
    for (let at = origin * room; at < (origin + 1) * room; at++) {
      const link = source.links[at]!
      if (link === noRow) break
      const place = places.placeOf[link & rowMask]!
      if (fits(place)) return place
    }
    return undefined
  }

  /**
   * A lower row that has room, from the first on down. If a full one has a higher child, this row takes that child's place and
   * gets it as its own. Otherwise all children are lower, and so on: rows are finite.
   */
  #withRoom(root: number, row: number): number {
    let parent = root
    while (!this.#hasRoom(parent)) {
      const children = this.childrenOf(parent)
      const higher = children.find((child) => child > row)
      if (higher !== undefined) {
        this.#remove(higher)
        this.#add(row, higher)
        break
      }
      parent = children[row % children.length]!
    }
    return parent
  }
}

/** Per row of a graph its parent, `noRow` if it has none or joined an equal one. */
function parentsIn({ links, m, nextRow }: SourceGraph): Uint32Array {
  const parents = new Uint32Array(nextRow).fill(noRow)
  const room = 2 * m
  for (let row = 0; row < nextRow; row++) {
    for (let at = row * room; at < (row + 1) * room; at++) {
      const link = links[at]!
      if (link === noRow) break
      if ((link & childMark) !== 0 && (link & equalMark) === 0) parents[link & rowMask] = row
    }
  }
  return parents
}
