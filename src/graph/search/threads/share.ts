import { assert } from '../../../runtime/assert.ts'
import type { FoundKeys } from '../vector-searcher.ts'
import type { Part } from './part.ts'
import type { SearchWork } from './search-message.ts'
import type { SearchThread, SentOrder } from './search-thread.ts'

// Costs are counted in rows that are compared.

/** A thread is given more while it has less to do than this: some milliseconds. */
const aheadMax = 20_000
/**
 * A message takes no more orders once it has so much to do, a quarter of a millisecond: its answer lets the calling thread
 * work while that one goes on with the next. Each costs both threads some ten microseconds.
 */
const messageMin = 5_500

/** What one thread is to do for one who waits, and that no thread has been given yet. */
export interface Order extends SentOrder {
  readonly parts: readonly Part[]
  readonly isShort: boolean
}

/** What each part has found, in their order. */
export function orderOf(
  parts: readonly Part[],
  answer: (found: readonly FoundKeys[]) => void,
  fail: (error: Error) => void,
): Order {
  let cost = 0
  let isShort = true
  for (const part of parts) {
    cost += part.cost
    isShort &&= part.isShort
  }
  return { parts, cost, isShort, answer, fail }
}

/** In the calling thread. */
export function runHere({ parts, answer, fail }: Order): void {
  let found: FoundKeys[]
  try {
    found = parts.map((part) => part.runHere())
  } catch (error) {
    fail(error as Error)
    return
  }
  answer(found)
}

/**
 * Gives orders to the threads: to the one that has the least to do, until it has its part of all, and then to the next; as
 * far as they have not enough to do.
 * @returns how many of the orders
 */
export function distribute(threads: Iterable<SearchThread>, orders: readonly Order[]): number {
  const shares = Array.from(threads, (thread) => new Share(thread))
  let all = 0
  for (const { cost } of shares) all += cost
  for (const { cost } of orders) all += cost
  let share = leastOf(shares)
  let taken = 0
  for (const order of orders) {
    if (share.cost >= all / shares.length || !share.hasRoom(order)) share = leastOf(shares)
    if (!share.hasRoom(order)) break
    taken += 1
    share.add(order)
  }
  for (const one of shares) one.send()
  return taken
}

/** What one thread is about to be given. */
class Share {
  readonly #thread: SearchThread
  #work: SearchWork[] = []
  #orders: Order[] = []
  #unsent = 0
  cost: number

  constructor(thread: SearchThread) {
    this.#thread = thread
    this.cost = thread.cost
  }

  hasRoom({ cost }: Order): boolean {
    return this.cost === 0 || this.cost + cost <= aheadMax
  }

  add(order: Order): void {
    const first = this.#work.length
    try {
      for (const part of order.parts) {
        const work = part.work(this.#thread)
        if (work === undefined) {
          this.#work.length = first
          runHere(order)
          return
        }
        this.#work.push(work)
      }
    } catch (error) {
      this.#work.length = first
      order.fail(error as Error)
      return
    }
    this.#orders.push(order)
    this.cost += order.cost
    this.#unsent += order.cost
    if (this.#unsent >= messageMin) this.send()
  }

  send(): void {
    if (this.#orders.length > 0) this.#thread.send(this.#work, this.#orders)
    this.#work = []
    this.#orders = []
    this.#unsent = 0
  }
}

function leastOf(shares: readonly Share[]): Share {
  let least: Share | undefined
  for (const share of shares) if (least === undefined || share.cost < least.cost) least = share
  assert(least !== undefined, 'there is a thread')
  return least
}
