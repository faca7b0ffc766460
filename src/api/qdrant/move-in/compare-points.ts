import {
  hashOfInput,
  hashOfPoint,
  type Collection,
  type PointId,
  type PointInput,
  type VectorParams,
} from '../../../index.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { enginePoint } from '../translate/points.ts'
import { eachInParallel, under, type CopyOptions } from './copy-points.ts'
import { compareIds, type IdRange } from './id-ranges.ts'
import type { RangePage } from './pages.ts'

/** What a look at both sides of a stretch has found. */
export interface ComparedRange extends IdRange {
  /** Of the source. */
  points: number
  /** Sum of the hashes of its points, modulo 2^256: the order in which they come does not matter. */
  sum: bigint
  /** Points that were different, missing or too many here: by now they are as the source had them. */
  differing: number
}

const modulus = 1n << 256n
const targetLimit = 512
const hashesBetweenYields = 64

/** Reads the source once more and compares point by point; what differs is made alike. */
export async function comparePoints(
  ranges: readonly IdRange[],
  options: CopyOptions,
): Promise<readonly ComparedRange[]> {
  const compared = ranges.map(({ from, to, key }): ComparedRange => ({
    from,
    to,
    key,
    points: 0,
    sum: 0n,
    differing: 0,
  }))
  await eachInParallel(compared, options, async (range, isStopped) => {
    let from = range.from
    for (let isDone = false; !isDone && !isStopped();) {
      options.signal.throwIfAborted()
      const page = await options.pages.read({ from, to: range.to, key: range.key })
      await comparePage(page, range, options)
      from = page.next
      isDone = page.next === undefined
      options.onPage(page.points.length)
    }
  })
  return compared
}

async function comparePage(
  { points, range }: RangePage,
  compared: ComparedRange,
  { target, signal }: CopyOptions,
): Promise<void> {
  const known = target.config().vectors
  const asGiven = asTheyStand(known)
  const here = await hashesBetween(target, range)
  const wrong: PointInput[] = []
  let count = 0
  for (const given of points) {
    if (++count % hashesBetweenYields === 0) await yieldToEventLoop()
    const point = enginePoint(given, known)
    const hash = hashOfInput(point, asGiven)
    const key = keyOf(given.id)
    if (here.get(key)?.hash.equals(hash) !== true) wrong.push(point)
    here.delete(key)
    compared.sum = (compared.sum + BigInt(`0x${hash.toString('hex')}`)) % modulus
  }
  signal.throwIfAborted()
  const scope = under(range.key)
  if (wrong.length > 0) await target.upsert(wrong, scope)
  if (here.size > 0) await target.delete({ ids: [...here.values()].map(({ id }) => id) }, scope)
  compared.points += points.length
  compared.differing += wrong.length + here.size
}

/** What the source says is what it has stored: it is compared without being brought to any length once more. */
function asTheyStand(known: Readonly<Record<string, VectorParams>>): Record<string, VectorParams> {
  return Object.fromEntries(
    Object.entries(known).map(([name, params]) => [name, { ...params, keepsLength: true }]),
  )
}

/** Of the points that are here now, by id. */
async function hashesBetween(
  target: Collection,
  { from, to, key }: IdRange,
): Promise<Map<string, { readonly id: PointId; readonly hash: Buffer }>> {
  const hashes = new Map<string, { readonly id: PointId; readonly hash: Buffer }>()
  const { partition } = under(key)
  const scope = partition === undefined ? {} : { partitions: [partition] }
  let offset = from
  for (;;) {
    const page = await target.scroll({
      ...scope,
      limit: targetLimit,
      payload: true,
      vectors: true,
      ...(offset === undefined ? {} : { offset }),
    })
    for (const point of page.points) {
      if (to !== undefined && compareIds(point.id, to) >= 0) return hashes
      hashes.set(keyOf(point.id), { id: point.id, hash: hashOfPoint(point) })
      if (hashes.size % hashesBetweenYields === 0) await yieldToEventLoop()
    }
    if (page.next === undefined) return hashes
    offset = page.next
  }
}

/** A number and a UUID are never spelled alike. */
function keyOf(id: PointId): string {
  return typeof id === 'string' ? id.toLowerCase().replace(/[^0-9a-f]/g, '') : String(id)
}
