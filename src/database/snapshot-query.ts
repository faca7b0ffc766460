import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../ids/brands.ts'
import type { SnapshotScope } from '../manifest/format.ts'
import type { CatalogState, SnapshotState } from './catalog-state.ts'

const limitDefault = 100
const limitMax = 1000

/** Which snapshots, in which order. What is left out does not matter. */
export interface SnapshotQuery {
  /** Snapshots that hold a collection of this name. */
  readonly collection?: string
  readonly scope?: SnapshotScope
  /** The name; `*` stands for any characters. */
  readonly name?: string
  /** Labels that it must have, with these values. */
  readonly labels?: Readonly<Record<string, string>>
  /** The reason; `*` stands for any characters. */
  readonly reason?: string
  /** Milliseconds since the epoch, inclusive. */
  readonly createdFrom?: number
  /** Milliseconds since the epoch, exclusive. */
  readonly createdBefore?: number
  readonly isHeld?: boolean
  /** True: the last verification found nothing wrong. False: there was none, or it found something. */
  readonly isVerified?: boolean
  /** Default `created`. */
  readonly sort?: 'created' | 'name'
  /** Default `desc` for `created`, `asc` for `name`. */
  readonly order?: 'asc' | 'desc'
  /** 1 to 1000, default 100. */
  readonly limit?: number
  /** `next` of the page before; the other members must be the same. */
  readonly after?: string
}

export interface SnapshotStatePage {
  readonly states: readonly SnapshotState[]
  readonly next: string | undefined
}

/** A page of snapshots. By creation its cost is that of what is looked at until it is full. @throws request-invalid */
export function querySnapshots(catalog: CatalogState, query: SnapshotQuery, now: number): SnapshotStatePage {
  const limit = query.limit ?? limitDefault
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > limitMax)
    throw invalid('limit', query.limit, `a whole number from 1 to ${limitMax}`)
  const matches = matcherOf(query, now)
  const states: SnapshotState[] = []
  let next: string | undefined
  for (const state of ordered(catalog, query)) {
    if (!matches(state)) continue
    if (states.length === limit) {
      next = cursorOf(states.at(-1)!, query)
      break
    }
    states.push(state)
  }
  return { states, next }
}

function ordered(catalog: CatalogState, query: SnapshotQuery): Iterable<SnapshotState> {
  if (query.sort === 'name') return byName(catalog, query)
  const from = query.after === undefined ? undefined : seqOfCursor(query.after)
  return query.order === 'asc'
    ? catalog.snapshotIndex.ascending(from)
    : catalog.snapshotIndex.descending(from)
}

function byName(catalog: CatalogState, query: SnapshotQuery): SnapshotState[] {
  const sign = query.order === 'desc' ? -1 : 1
  const sorted = [...catalog.snapshots.values()].sort((a, b) => sign * compareNames(keyOf(a), keyOf(b)))
  if (query.after === undefined) return sorted
  const after = cursorText(query.after, 'n')
  return sorted.filter((state) => sign * compareNames(keyOf(state), after) > 0)
}

const keyOf = (state: SnapshotState): string => `${state.record.name}\n${state.record.id}`
const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function cursorOf(last: SnapshotState, query: SnapshotQuery): string {
  const text = query.sort === 'name' ? `n${keyOf(last)}` : `c${last.record.seq}`
  return Buffer.from(text).toString('base64url')
}

function cursorText(cursor: string, kind: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!text.startsWith(kind)) throw invalid('after', cursor, 'the `next` of a page of the same query')
  return text.slice(1)
}

function seqOfCursor(cursor: string): SequenceNumber {
  const seq = Number(cursorText(cursor, 'c'))
  if (!Number.isSafeInteger(seq) || seq < 0)
    throw invalid('after', cursor, 'the `next` of a page of the same query')
  return seqOf(seq)
}

function matcherOf(query: SnapshotQuery, now: number): (state: SnapshotState) => boolean {
  const labels = Object.entries(query.labels ?? {})
  return ({ record, marks }) =>
    (query.scope === undefined || record.scope === query.scope) &&
    (query.collection === undefined || record.collections.some((one) => one.name === query.collection)) &&
    (query.name === undefined || matchesPattern(query.name, record.name)) &&
    (query.reason === undefined || matchesPattern(query.reason, record.reason)) &&
    labels.every(([key, value]) => Object.hasOwn(record.labels, key) && record.labels[key] === value) &&
    (query.createdFrom === undefined || record.createdAt >= query.createdFrom) &&
    (query.createdBefore === undefined || record.createdAt < query.createdBefore) &&
    (query.isHeld === undefined || isHeld(marks.holds, now) === query.isHeld) &&
    (query.isVerified === undefined || (marks.verified?.ok ?? false) === query.isVerified)
}

export function isHeld(holds: readonly { readonly until: number | null }[], now: number): boolean {
  return holds.some(({ until }) => until === null || until > now)
}

/** `*` stands for any characters; everything else for itself. In time that grows with the text only. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0]!
  if (parts.length === 1) return text === first
  const last = parts.at(-1)!
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

function invalid(name: string, value: unknown, expected: string): DatabaseError {
  return new DatabaseError(
    'request-invalid',
    `Cannot list snapshots: ${name} is ${String(value)}, not ${expected}`,
    {
      [name]: value,
    },
  )
}
