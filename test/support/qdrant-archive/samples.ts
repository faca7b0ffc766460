import type { TestPoint } from './segment.ts'
import type { VectorForm } from './vector-files.ts'

/** One vector of every kind and datatype. */
export const everyKind: Readonly<Record<string, VectorForm>> = {
  dense: { kind: 'dense' },
  half: { kind: 'dense', size: 3, datatype: 'float16', distance: 'Euclid' },
  byte: { kind: 'dense', size: 5, datatype: 'uint8', distance: 'Cosine' },
  tokens: { kind: 'multi', size: 2 },
  words: { kind: 'sparse' },
}

const uuid = (n: number): string => `6f9619ff-8b86-d011-b42d-${String(n).padStart(12, '0')}`
const ids = [7, 2n ** 64n - 1n, uuid(1), 0, uuid(2), 2 ** 53 - 1, 2n ** 53n]

/** More than two chunks of them, each vector missing in some, payloads of many lengths. */
export const everyPoint: readonly TestPoint[] = Array.from({ length: 23 }, (_, n) => ({
  id: ids[n] ?? n + 100,
  version: n === 3 ? 0 : n + 5,
  vectors: {
    ...(n % 5 === 1 ? {} : { dense: [n, -n / 2, 0.25, 1] }),
    ...(n % 4 === 2 ? {} : { half: [n / 8, -2, 2 ** -24 * n] }),
    ...(n % 6 === 0 ? {} : { byte: [n, 255, 0, 1, 2] }),
    ...(n % 3 === 0 ? {} : { tokens: Array.from({ length: 1 + (n % 4) }, (_, i) => [n, i / 4]) }),
    ...(n % 7 === 0
      ? {}
      : {
          words: {
            indices: n === 8 ? [] : [n, n + 1, 70_000 + n, 2 ** 32 - 1],
            values: n === 8 ? [] : [1, -0.5, n, 3],
          },
        }),
  },
  ...(n % 5 === 4 ? {} : { payload: JSON.stringify({ n, text: 'ö'.repeat(n * 40) }) }),
}))
