import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compileFilter as compileText,
  type FilterSchema,
} from '../../src/api/milvus/filter/compile-filter.ts'
import { wordsOfId } from '../../src/ids/point-id.ts'
import { compileFilter } from '../../src/query/compile-filter.ts'
import type { JsonObject } from '../../src/index.ts'

// Goal: a filter finds the rows that its text means, also where values are null, and indexes change nothing.
// Method: texts are generated together with what they mean, as plain functions of a row.

type Truth = boolean | null
interface Row extends JsonObject {
  readonly n: number | null
  readonly s: string | null
  readonly j: { readonly k?: number | string | boolean | null } | null
}
interface Case {
  readonly text: string
  readonly means: (row: Row) => Truth
}

const schema: FilterSchema = {
  hasDynamicField: true,
  fields: [
    { name: 'id', dataType: 5, isPrimaryKey: true },
    { name: 'n', dataType: 5 },
    { name: 's', dataType: 21 },
    { name: 'j', dataType: 23 },
  ],
}

const operators: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}
const operator = fc.constantFrom(...Object.keys(operators))
const small = fc.integer({ min: -3, max: 3 })
const known = <T>(value: T | null, test: (value: T) => boolean): Truth =>
  value === null ? null : test(value)

const leaf: fc.Arbitrary<Case> = fc.oneof(
  fc.tuple(operator, small).map(([sign, value]) => ({
    text: `n ${sign} ${value}`,
    means: ({ n }: Row) => known(n, (found) => operators[sign]!(found - value)),
  })),
  fc.tuple(operator, small, small).map(([sign, plus, value]) => ({
    text: `n + ${plus} ${sign} ${value}`,
    means: ({ n }: Row) => known(n, (found) => operators[sign]!(found + plus - value)),
  })),
  fc.array(small, { maxLength: 3 }).map((values) => ({
    text: `n in [${values.join(', ')}]`,
    means: ({ n }: Row) => known(n, (found) => values.includes(found)),
  })),
  fc.tuple(small, fc.nat(3)).map(([low, more]) => ({
    text: `${low} <= n <= ${low + more}`,
    means: ({ n }: Row) => known(n, (found) => low <= found && found <= low + more),
  })),
  fc.constantFrom('a', 'b').map((start) => ({
    text: `s like "${start}%"`,
    means: ({ s }: Row) => known(s, (found) => found.startsWith(start)),
  })),
  fc
    .constantFrom('n', 's')
    .map((name) => ({ text: `${name} is null`, means: (row: Row) => row[name] === null })),
  fc.tuple(operator, small).map(([sign, value]) => ({
    text: `j["k"] ${sign} ${value}`,
    means: ({ j }: Row) =>
      known(j, ({ k }) => (typeof k === 'number' ? operators[sign]!(k - value) : sign === '!=')),
  })),
  fc.constant<Case>({ text: 'exists j["k"]', means: ({ j }) => (j?.k ?? null) !== null }),
)

const { filter } = fc.letrec<{ filter: Case }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => ({
      text: `(${a.text}) and (${b.text})`,
      means: (row: Row): Truth => {
        const truths = [a.means(row), b.means(row)]
        return truths.includes(false) ? false : truths.includes(null) ? null : true
      },
    })),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => ({
      text: `(${a.text}) || (${b.text})`,
      means: (row: Row): Truth => {
        const truths = [a.means(row), b.means(row)]
        return truths.includes(true) ? true : truths.includes(null) ? null : false
      },
    })),
    tie('filter').map((a) => ({
      text: `not (${a.text})`,
      means: (row: Row): Truth => known(a.means(row), (truth) => !truth),
    })),
  ),
}))

const row: fc.Arbitrary<Row> = fc.record({
  n: fc.option(small),
  s: fc.option(fc.constantFrom('', 'a', 'ab', 'b')),
  j: fc.option(
    fc.record(
      { k: fc.oneof(small, fc.constantFrom<string | boolean | null>('1', true, null)) },
      { requiredKeys: [] },
    ),
  ),
})

test('a filter finds what its text means', () => {
  fc.assert(
    fc.property(filter, fc.array(row, { minLength: 1, maxLength: 12 }), ({ text, means }, rows) => {
      const compiled = compileText(text, schema)!
      const predicate = compileFilter(compiled.filter, { payloadIndexes: {} })
      const id = wordsOfId(1)
      const found = rows.map((payload) =>
        predicate.test({ id, payload: () => payload, hasVector: () => false }),
      )
      expect(found, text).toEqual(rows.map((payload) => means(payload) === true))
    }),
    { numRuns: 1500 },
  )
})
