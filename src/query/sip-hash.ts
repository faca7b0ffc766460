import { idKindNumber, type IdWords } from '../ids/point-id.ts'

/**
 * Which of `total` slices a point belongs to: SipHash-2-4 of its id under a key of zeros, modulo `total`. A number is
 * hashed as 8 little-endian bytes, a UUID as its 16 bytes. The same slices as Qdrant's.
 */
export function sliceOf(id: Readonly<IdWords>, total: number): number {
  start()
  if (id.kind === idKindNumber) {
    absorb(id.w1, id.w0)
    absorb(8 << 24, 0)
  } else {
    absorb(swapped(id.w1), swapped(id.w0))
    absorb(swapped(id.w3), swapped(id.w2))
    absorb(16 << 24, 0)
  }
  const { high, low } = finish()
  // (high * 2^32 + low) % total, 16 bits at a time so that no step leaves the exact integers.
  const upper = ((high % total) * 65_536 + (low >>> 16)) % total
  return (upper * 65_536 + (low & 0xffff)) % total
}

export interface Hash64 {
  readonly high: number
  readonly low: number
}

/** SipHash-2-4 under a key of zeros, of bytes given as little-endian words of 32 bits, of which there is an even number. */
export function sipHashOf(words: readonly number[]): Hash64 {
  start()
  for (let i = 0; i < words.length; i += 2) absorb(words[i + 1]!, words[i]!)
  absorb(words.length << 26, 0)
  return finish()
}

function finish(): Hash64 {
  state[4]! ^= 0xff
  for (let i = 0; i < 4; i++) round()
  return {
    high: (state[1]! ^ state[3]! ^ state[5]! ^ state[7]!) >>> 0,
    low: (state[0]! ^ state[2]! ^ state[4]! ^ state[6]!) >>> 0,
  }
}

// v0 to v3, each as two 32-bit halves: low at 2n, high at 2n + 1. One for all calls: nothing here waits.
const state = new Int32Array(8)

function start(): void {
  state[0] = 0x70736575
  state[1] = 0x736f6d65
  state[2] = 0x6e646f6d
  state[3] = 0x646f7261
  state[4] = 0x6e657261
  state[5] = 0x6c796765
  state[6] = 0x79746573
  state[7] = 0x74656462
}

function absorb(high: number, low: number): void {
  state[6]! ^= low
  state[7]! ^= high
  round()
  round()
  state[0]! ^= low
  state[1]! ^= high
}

function round(): void {
  add(0, 2)
  rotate(2, 13)
  xor(2, 0)
  swapHalves(0)
  add(4, 6)
  rotate(6, 16)
  xor(6, 4)
  add(0, 6)
  rotate(6, 21)
  xor(6, 0)
  add(4, 2)
  rotate(2, 17)
  xor(2, 4)
  swapHalves(4)
}

function add(to: number, from: number): void {
  const low = (state[to]! >>> 0) + (state[from]! >>> 0)
  state[to] = low
  state[to + 1] = state[to + 1]! + state[from + 1]! + (low > 0xffffffff ? 1 : 0)
}

function xor(to: number, from: number): void {
  state[to]! ^= state[from]!
  state[to + 1]! ^= state[from + 1]!
}

/** To the left, by less than 32. */
function rotate(at: number, bits: number): void {
  const low = state[at]!
  const high = state[at + 1]!
  state[at] = (low << bits) | (high >>> (32 - bits))
  state[at + 1] = (high << bits) | (low >>> (32 - bits))
}

function swapHalves(at: number): void {
  const low = state[at]!
  state[at] = state[at + 1]!
  state[at + 1] = low
}

/** The bytes of a big-endian word, read as a little-endian one. */
export function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
