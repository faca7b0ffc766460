import { crc32c } from '../../src/encoding/crc32c.ts'
import {
  headerCrc,
  headerOffsets,
  headerBytes as graphHeader,
  tableEntryBytes,
} from '../../src/graph/format.ts'
import type { Dice } from './dice.ts'
import { mutateBytes, withNumber } from './mutate-bytes.ts'

/** The text that samples put into payloads for what does not fit elsewhere. */
export const filler = 'x'.repeat(6_000)

const payloadTexts = [
  '['.repeat(3_000) + ']'.repeat(3_000),
  '{"a":'.repeat(1_000) + '1' + '}'.repeat(1_000),
  '"\\ud800"',
  '"\xff\xfe\x80"',
  '1e999',
  '-0',
  '1234567890123456789012345678901234567890',
  '{"__proto__":1,"a":1,"a":2}',
  '"\\u0000"',
  '"unterminated',
  '[1,]',
  'NaN',
  '"\x01"',
  '',
]

/** A file of a segment, changed; its own checksums are made right again as a rule. */
export function mutateFile(dice: Dice, name: string, was: Uint8Array): { bytes: Buffer; how: string } {
  const bytes = Buffer.from(was)
  const fix = dice.chance(0.85)
  const changed = changeOf(dice, name, bytes)
  if (fix) fixChecksums(name, changed.bytes)
  return { bytes: changed.bytes, how: `${changed.how}${fix ? '' : ', checksums left'}` }
}

function changeOf(dice: Dice, name: string, bytes: Buffer): { bytes: Buffer; how: string } {
  if (bytes.length < 64) return mutateBytes(dice, bytes)
  if (name === 'rows.parquet') return changeOfRows(dice, bytes)
  const headBytes = name.endsWith('.graph') ? 88 : name.endsWith('.packed') ? 40 : 56
  const choice = dice.under(12)
  if (choice >= 10)
    return name.endsWith('.graph') ? changeOfVector(dice, bytes) : changeOfWord(dice, bytes, headBytes)
  if (choice < 3) {
    const at = Math.floor(dice.under(Math.min(headBytes, bytes.length - 8)) / 4) * 4
    return { bytes: withNumber(dice, bytes, at, dice.pick([4, 4, 8])), how: `number at ${at}` }
  }
  if (choice < 8) {
    const body = mutateBytes(dice, bytes.subarray(headBytes), true)
    return {
      bytes: Buffer.concat([bytes.subarray(0, headBytes), body.bytes]),
      how: `${body.how} in the body`,
    }
  }
  return mutateBytes(dice, bytes)
}

const components = [Number.NaN, Infinity, -Infinity, -0, 3e38, 1e-45, 256, -1, 0.3]

/** One component of the vectors, or whether a row has one, so that all else fits. */
function changeOfVector(dice: Dice, was: Buffer): { bytes: Buffer; how: string } {
  const bytes = Buffer.from(was)
  const field = (name: keyof typeof headerOffsets): number => bytes.readUInt32LE(headerOffsets[name])
  const sectionAt = (index: number): number =>
    Number(bytes.readBigUInt64LE(graphHeader + index * tableEntryBytes + 8))
  const row = dice.under(field('rowCount'))
  const presence = sectionAt(0) + (row >>> 3)
  const rowAt = sectionAt(1) + row * field('stride') * 4
  // It was changed before, and is no graph any more.
  if (!(presence < bytes.length && rowAt + field('stride') * 4 <= bytes.length))
    return mutateBytes(dice, bytes)
  const isPresent = ((bytes[presence]! >>> (row & 7)) & 1) === 1
  if (isPresent && dice.chance(0.7)) {
    const value = dice.pick(components)
    bytes.writeFloatLE(value, rowAt + dice.under(field('dimensions')) * 4)
    return { bytes, how: `${value} in row ${row}` }
  }
  bytes[presence] = bytes[presence]! ^ (1 << (row & 7))
  bytes.writeUInt32LE(field('presentCount') + (isPresent ? -1 : 1), headerOffsets.presentCount)
  if (isPresent) bytes.fill(0, rowAt, rowAt + field('stride') * 4)
  return { bytes, how: `row ${row} ${isPresent ? 'loses its' : 'has a'} vector` }
}

/** One number of the rows, a little more or less, or a float. */
function changeOfWord(dice: Dice, was: Buffer, from: number): { bytes: Buffer; how: string } {
  const words = Math.floor((was.length - from - 4) / 4)
  const at = from + dice.under(words) * 4
  if (dice.chance(0.6)) return { bytes: withNumber(dice, was, at, 4), how: `number at ${at}` }
  const bytes = Buffer.from(was)
  const value = dice.pick(components)
  bytes.writeFloatLE(value, at)
  return { bytes, how: `${value} at ${at}` }
}

function changeOfRows(dice: Dice, bytes: Buffer): { bytes: Buffer; how: string } {
  const choice = dice.under(10)
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)
  const quoted = bytes.indexOf(`"${filler.slice(0, 200)}`)
  if (choice < 3 && quoted > 0) {
    const end = bytes.indexOf('"', quoted + 1) + 1
    const text = dice.pick(payloadTexts)
    const changed = Buffer.from(bytes)
    changed.write(text.padEnd(end - quoted, ' '), quoted, end - quoted, 'latin1')
    return { bytes: changed, how: `payload ${text.slice(0, 20)}` }
  }
  if (choice < 6 && footer > 0 && footer < bytes.length - 8) {
    const part = mutateBytes(dice, bytes.subarray(footer, -8), dice.chance(0.7))
    const tail = Buffer.from(bytes.subarray(-8))
    tail.writeUInt32LE(part.bytes.length, 0)
    return {
      bytes: Buffer.concat([bytes.subarray(0, footer), part.bytes, tail]),
      how: `${part.how} in the footer`,
    }
  }
  if (choice < 9 && footer > 0) {
    const part = mutateBytes(dice, bytes.subarray(0, footer), true)
    return { bytes: Buffer.concat([part.bytes, bytes.subarray(footer)]), how: `${part.how} in the pages` }
  }
  return mutateBytes(dice, bytes)
}

function fixChecksums(name: string, bytes: Buffer): void {
  if (name.endsWith('.graph')) fixGraph(bytes)
  else if (name.endsWith('.packed') && bytes.length >= 44) {
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, 36)), 36)
    fixTail(bytes, 40)
  } else if (name.startsWith('deltas-') && bytes.length >= 4) fixTail(bytes, 0)
}

function fixTail(bytes: Buffer, from: number): void {
  const end = bytes.length - 4
  bytes.writeUInt32LE(crc32c(bytes.subarray(from, end)), end)
}

function fixGraph(bytes: Buffer): void {
  if (bytes.length < graphHeader) return
  const sections = bytes.readUInt32LE(headerOffsets.sectionCount)
  if (graphHeader + sections * tableEntryBytes > bytes.length) return
  for (let index = 0; index < sections; index++) {
    const entry = graphHeader + index * tableEntryBytes
    const offset = Number(bytes.readBigUInt64LE(entry + 8))
    const length = Number(bytes.readBigUInt64LE(entry + 16))
    if (offset + length <= bytes.length)
      bytes.writeUInt32LE(crc32c(bytes.subarray(offset, offset + length)), entry + 4)
  }
  bytes.writeUInt32LE(headerCrc(bytes, sections), headerOffsets.crc)
}
