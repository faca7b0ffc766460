import { expect, test } from 'vitest'
import { seededRandom } from '../../runtime/random.ts'
import { VectorColumn } from '../vector-column.ts'
import { centreOf, centreSteps } from './centre.ts'
import { fineCodesSteps } from './fine-codes.ts'

const random = seededRandom(7)

/** The long way. */
function medianOf(values: readonly number[]): number {
  const sorted = Float32Array.from(values).sort()
  const middle = sorted[sorted.length >>> 1]!
  return Number.isFinite(middle) ? middle : 0
}

test.each([
  ['any', () => random.next() - 0.5],
  ['few', () => Math.floor(random.next() * 3)],
  ['equal', () => 4],
  [
    'huge, and no number at all',
    () => [Infinity, -Infinity, Number.NaN, 1, 2][Math.floor(random.next() * 5)]!,
  ],
  ['mostly no number', () => (random.next() < 0.7 ? Number.NaN : 1)],
])('the centre is the median of each component: values that are %s', (_, value) => {
  for (const count of [0, 1, 2, 3, 64, 65, 512]) {
    const sample = Array.from({ length: count }, () => Float32Array.from({ length: 20 }, value))
    const expected = Array.from({ length: 20 }, (_, at) => medianOf(sample.map((vector) => vector[at]!)))
    expect([...centreOf(sample, 20)]).toEqual(count === 0 ? Array<number>(20).fill(0) : expected)
  }
})

test('of long vectors centre and fineness are found in many steps', () => {
  const column = new VectorColumn(1_536)
  for (let row = 0; row < 100; row++) column.append(Float32Array.from({ length: 1_536 }, () => random.next()))
  for (const [steps, least] of [
    [centreSteps(column), 24],
    [fineCodesSteps(column, 'euclid'), 9],
  ] as const) {
    let count = 0
    while (steps.next().done !== true) count += 1
    expect(count).toBeGreaterThanOrEqual(least)
  }
  column.dispose()
})
