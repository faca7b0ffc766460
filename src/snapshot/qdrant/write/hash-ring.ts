import { idKindNumber, type IdWords } from '../../../ids/point-id.ts'
import { sipHashOf, swapped, type Hash64 } from '../../../query/sip-hash.ts'

const nodesPerShard = 100

/** Places ids in shards as Qdrant does: a consistent ring with a hundred places for each shard. */
export class HashRing {
  /** In the order of their hashes. */
  readonly #nodes: readonly (Hash64 & { readonly shard: number })[]

  /** Under a shard key: of the key's shards, which have numbers from `first` on. */
  constructor(shardCount: number, first = 0) {
    const nodes = []
    for (let shard = first; shard < first + shardCount; shard++) {
      for (let place = 0; place < nodesPerShard; place++) nodes.push({ shard, ...sipHashOf([shard, place]) })
    }
    this.#nodes = nodes.sort(compare)
  }

  /** The shard of the first node from the id's hash on; past the last one, of the first. */
  shardOf(id: Readonly<IdWords>): number {
    const hash = hashOfId(id)
    let low = 0
    let high = this.#nodes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.#nodes[middle]!, hash) < 0) low = middle + 1
      else high = middle
    }
    return this.#nodes[low === this.#nodes.length ? 0 : low]!.shard
  }
}

/** A number is hashed as u64 0 and itself, a UUID as u64 1, u64 16 and its bytes. */
function hashOfId({ kind, w0, w1, w2, w3 }: Readonly<IdWords>): Hash64 {
  if (kind === idKindNumber) return sipHashOf([0, 0, w0, w1])
  return sipHashOf([1, 0, 16, 0, swapped(w0), swapped(w1), swapped(w2), swapped(w3)])
}

function compare(a: Hash64, b: Hash64): number {
  return a.high - b.high || a.low - b.low
}
