import type { JsonValue } from '../../encoding/json.ts'
import { isArray, parsePath, valuesAt, type PathStep } from '../../query/payload-path.ts'
import { integerOf } from '../../query/values.ts'
import type { RowRef } from '../id-order.ts'
import { payloadValue } from '../row-cursor.ts'
import type { Hit } from './hits.ts'

export type GroupId = string | number | bigint

export interface Group {
  readonly id: GroupId
  /** In the order in which they were added. */
  readonly hits: Hit[]
}

/** Puts hits into groups by the values of a payload path. */
export class GroupedHits {
  readonly #steps: readonly PathStep[]
  readonly #capacity: number
  readonly #oncePerId: boolean
  readonly #groups = new Map<string, Group>()
  readonly #seen = new Map<Hit['rows'], Set<number>>()

  /** `capacity`: how many hits a group takes; `oncePerId`: only the first of an id. */
  constructor(path: string, capacity: number, oncePerId: boolean) {
    this.#steps = parsePath(path)
    this.#capacity = capacity
    this.#oncePerId = oncePerId
  }

  /** In the order in which they were found. */
  get groups(): Group[] {
    return [...this.#groups.values()]
  }

  get groupCount(): number {
    return this.#groups.size
  }

  /** Every row that was added, in a group or not. */
  get rows(): RowRef[] {
    return [...this.#seen].flatMap(([rows, seen]) => [...seen].map((row) => ({ rows, row })))
  }

  /** No more than `groupCountMax` groups are opened. A row that was added before changes nothing. */
  add(hit: Hit, groupCountMax = Infinity): void {
    let seen = this.#seen.get(hit.rows)
    if (seen === undefined) this.#seen.set(hit.rows, (seen = new Set()))
    if (seen.has(hit.row)) return
    seen.add(hit.row)
    for (const id of groupIds(payloadValue(hit.rows, hit.row), this.#steps)) {
      const key = typeof id === 'string' ? `"${id}` : String(id)
      let group = this.#groups.get(key)
      if (group === undefined) {
        if (this.#groups.size >= groupCountMax) continue
        this.#groups.set(key, (group = { id, hits: [] }))
      }
      if (group.hits.length < this.#capacity && !(this.#oncePerId && hasId(group, hit))) group.hits.push(hit)
    }
  }
}

/** Texts and whole numbers, each once; of a list its elements. A path that picks one element of a list reaches none. */
export function groupIds(payload: JsonValue, steps: readonly PathStep[]): readonly GroupId[] {
  if (steps.some((step) => 'index' in step)) return []
  const ids = new Set<GroupId>()
  for (const value of valuesAt(payload, steps)) {
    for (const element of isArray(value) ? value : [value]) {
      const id = typeof element === 'string' ? element : integerOf(element)
      if (id !== undefined) ids.add(id)
    }
  }
  return [...ids]
}

function hasId({ hits }: Group, { rows, row }: Hit): boolean {
  const id = rows.pointIdAt(row)
  return hits.some((hit) => hit.rows.pointIdAt(hit.row) === id)
}
