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
/**
 * One that has so many messages to answer gets whole ones only. Otherwise: two who are answered together ask together again, and
 * sixteen make eight messages, for ever.
 */
const batchesMin = 2

/** The same of a thread that is fed by one which searches, too, and so looks after it every few searches. */
const fedMax = 5_000
/** What is left to the calling thread at a time, in messages: it has the callers to look after as well. */
const hereShare = 0.5

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
 * @returns those that are left: one of the threads has something to answer before
 */
export function distribute(threads: Iterable<SearchThread>, orders: readonly Order[]): Order[] {
  const shares = Array.from(threads, (thread) => new Share(thread))
  const part = (costOf(shares) + costOf(orders)) / shares.length
  let share = leastOf(shares)
  let taken = 0
  for (const order of orders) {
    if (share.cost >= part || !share.hasRoom(order)) share = leastOf(shares)
    if (!share.hasRoom(order)) break
    taken += 1
    share.add(order)
  }
  const left: Order[] = []
  for (const one of shares) one.finish(left)
  for (let at = taken; at < orders.length; at++) left.push(orders[at]!)
  return left
}

/**
 * Gives short orders to the threads while the calling one searches, too: as many as make two messages for each, so that it has
 * something to do until that one has looked at its answers.
 * @returns those that are left for the calling thread
 */
export function feed(threads: ReadonlySet<SearchThread>, orders: readonly Order[]): readonly Order[] {
  const all = costOf(threads) + costOf(orders)
  const size = Math.min(fedMax, all / (batchesMin * threads.size + hereShare))
  let at = 0
  for (let batch = 0; batch < batchesMin; batch++) {
    for (const thread of threads) {
      // One that does something long would let them wait.
      if (thread.batchCount > batch || thread.cost > aheadMax / 2) continue
      // The last one is sooner done here than when a thread is through with others.
      if (at >= orders.length - batch) break
      const first = at
      for (let cost = 0; at < orders.length; at++) {
        if (at > first && cost + orders[at]!.cost > size) break
        cost += orders[at]!.cost
      }
      send(thread, orders.slice(first, at))
    }
  }
  return orders.slice(at)
}

function costOf(all: Iterable<{ readonly cost: number }>): number {
  let sum = 0
  for (const { cost } of all) sum += cost
  return sum
}

function send(thread: SearchThread, orders: readonly Order[]): void {
  const work: SearchWork[] = []
  const sent: Order[] = []
  for (const order of orders) if (write(thread, order, work)) sent.push(order)
  if (sent.length > 0) thread.send(work, sent)
}

/** Puts what the order is made of behind `work`. False if it has ended by now. */
function write(thread: SearchThread, order: Order, work: SearchWork[]): boolean {
  const first = work.length
  try {
    for (const part of order.parts) {
      const one = part.work(thread)
      if (one === undefined) {
        work.length = first
        runHere(order)
        return false
      }
      work.push(one)
    }
    return true
  } catch (error) {
    work.length = first
    order.fail(error as Error)
    return false
  }
}

/** What one thread is about to be given. */
class Share {
  readonly #thread: SearchThread
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
    this.#orders.push(order)
    this.cost += order.cost
    this.#unsent += order.cost
    if (this.#unsent >= messageMin) this.#send()
  }

  /** What is no whole message goes to `left` if the thread has enough to do: more may come to it. */
  finish(left: Order[]): void {
    if (this.#thread.batchCount >= batchesMin) left.push(...this.#orders)
    else if (this.#orders.length > 0) this.#send()
  }

  #send(): void {
    send(this.#thread, this.#orders)
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
