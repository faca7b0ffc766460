import { edgeNumbers, type Dice } from './dice.ts'

export type BytesMutation = (dice: Dice, bytes: Buffer) => Buffer

const floats = [Number.NaN, Infinity, -Infinity, -0, 1e38, -1e38, 1e-45, 3.5, 255.5, -1]

const mutations: Readonly<Record<string, BytesMutation>> = {
  flip: (dice, bytes) => {
    const changed = Buffer.from(bytes)
    for (let left = 1 + dice.small(8); left > 0; left--) {
      const at = dice.under(bytes.length)
      changed[at] = changed[at]! ^ (1 << dice.under(8))
    }
    return changed
  },
  byte: (dice, bytes) => {
    const changed = Buffer.from(bytes)
    changed[dice.under(bytes.length)] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.under(256)])
    return changed
  },
  number: (dice, bytes) => {
    const width = Math.min(dice.pick([2, 4, 4, 4, 8]), bytes.length)
    const step = dice.chance(0.8) ? 4 : 1
    const at = Math.floor(dice.under(bytes.length - width + 1) / step) * step
    return withNumber(dice, bytes, at, width)
  },
  float: (dice, bytes) => {
    if (bytes.length < 4) return bytes
    const changed = Buffer.from(bytes)
    changed.writeFloatLE(dice.pick(floats), Math.floor(dice.under(bytes.length - 3) / 4) * 4)
    return changed
  },
  cut: (dice, bytes) => bytes.subarray(0, dice.under(bytes.length)),
  shorten: (dice, bytes) => bytes.subarray(0, Math.max(0, bytes.length - 1 - dice.small(64))),
  behead: (dice, bytes) => bytes.subarray(1 + dice.small(Math.min(600, bytes.length))),
  extend: (dice, bytes) => Buffer.concat([bytes, dice.bytes(1 + dice.small(1_200))]),
  zeros: (dice, bytes) => Buffer.concat([bytes, Buffer.alloc(1 + dice.small(5_000))]),
  remove: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  repeat: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  move: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
    const at = dice.under(rest.length + 1)
    return Buffer.concat([rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at)])
  },
  copy: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    const changed = Buffer.from(bytes)
    bytes.copy(changed, dice.under(bytes.length), from, to)
    return changed
  },
  fill: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    return Buffer.from(bytes).fill(dice.pick([0, 0xff, 0x20, dice.under(256)]), from, to)
  },
  noise: (dice, bytes) => {
    const [from, to] = span(dice, bytes)
    const changed = Buffer.from(bytes)
    changed.set(dice.bytes(to - from), from)
    return changed
  },
  empty: () => Buffer.alloc(0),
}

const names = Object.keys(mutations)
/** Those that leave the length as it is, which reach further behind a check of lengths. */
const quiet = ['flip', 'byte', 'number', 'float', 'copy', 'fill', 'noise', 'flip', 'number']

/** One change of these bytes, and its name. */
export function mutateBytes(dice: Dice, bytes: Buffer, keepsLength = false): { bytes: Buffer; how: string } {
  const how = bytes.length === 0 ? 'extend' : dice.pick(keepsLength ? quiet : names)
  return { bytes: mutations[how]!(dice, bytes), how }
}

/** An edge number, or what stands there and a little more or less, in little-endian. */
export function withNumber(dice: Dice, bytes: Buffer, at: number, width: number): Buffer {
  const changed = Buffer.from(bytes)
  let was = 0n
  for (let i = width - 1; i >= 0; i--) was = (was << 8n) | BigInt(bytes[at + i]!)
  let value = dice.chance(0.5) ? dice.pick(edgeNumbers) : was + BigInt(dice.under(9) - 4)
  for (let i = 0; i < width; i++, value >>= 8n) changed[at + i] = Number(value & 0xffn)
  return changed
}

function span(dice: Dice, bytes: Buffer): [from: number, to: number] {
  const from = dice.under(bytes.length)
  return [from, Math.min(bytes.length, from + 1 + dice.small(dice.chance(0.1) ? bytes.length : 700))]
}
