import { describe, expect, test } from 'vitest'
import { compileFilter, type FilterSchema } from './compile-filter.ts'
import { FilterError } from './filter-error.ts'

const schema: FilterSchema = {
  hasDynamicField: false,
  fields: [
    { name: 'id', dataType: 5, isPrimaryKey: true },
    { name: 'i', dataType: 5 },
  ],
  structs: [
    {
      name: 'clips',
      fields: [
        { name: 'n', dataType: 22, elementType: 5 },
        { name: 's', dataType: 22, elementType: 21 },
        { name: 'v', dataType: 106, elementType: 101 },
      ],
    },
  ],
}

function refusal(text: string): string {
  try {
    compileFilter(text, schema)
    return 'taken'
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return error.message
  }
}

describe('filters on arrays of structs', () => {
  test.each([
    'element_filter(clips, $[n] > 1 and $[s] == "a")',
    'i > 1 and element_filter(clips, $[n] in [1, 2])',
    'MATCH_ALL(clips, 1 < $[n] <= 5) or match_any(clips, not ($[s] like "a%"))',
    'match_least(clips, $[n] == 1, threshold=2) and match_most(clips, $[n] == 1, THRESHOLD = 0)',
    'not MATCH_EXACT(clips, $[n] % 2 == 0, threshold=0)',
    'clips[0][n] > 1 and 1 <= clips[1][n] < 3 and clips[0][s] in ["a"]',
    'array_contains(clips[n], 1) or array_contains_all(clips[s], ["a"])',
    'array_length(clips[v]) == 2 and array_length(clips) > 1',
    'clips is null or clips is not null',
  ])('%s is taken', (filter) => {
    expect(refusal(filter)).toBe('taken')
  })

  test.each([
    ['element_filter(other, $[n] > 1)', 'struct array field not found: other'],
    ['element_filter(clips, $[x] > 1)', 'struct field not found: clips[x]'],
    ['element_filter(clips, $[n] == "a")', 'comparisons between Int64 and VarChar are not supported'],
    ['element_filter(clips, $[v] == 1)', 'comparisons between FloatVector and Int64 are not supported'],
    ['element_filter(clips, i == 1)', 'only fields of theirs'],
    ['element_filter(clips, clips[0][n] == 1)', 'only fields of theirs'],
    ['element_filter(clips, 5)', 'invalid element expression: 5'],
    ['element_filter(clips, match_any(clips, $[n] > 1))', 'nested MATCH_ANY is not supported'],
    ['element_filter(clips, $[n] > 1) and i > 1', 'can only be the last expression in the logical and'],
    ['element_filter(clips, $[n] > 1) or i > 1', 'can only be the last expression in the logical or'],
    ['not element_filter(clips, $[n] > 1)', 'cannot be used in unary expression'],
    ['element_filter(clips)', 'expecting'],
    ['match_least(clips, $[n] > 1, threshold=0)', 'count in MATCH_LEAST must be positive, got: 0'],
    ['match_least(clips, $[n] > 1)', 'expecting'],
    ['match_most(clips, $[n] > 1, threshold=-1)', 'expecting IntegerConstant'],
    ['$[n] > 1', '$[n] syntax can only be used inside ElementFilter or MATCH_*'],
    ['clips[0][x] > 1', 'struct field not found'],
    ['other[0][n] > 1', 'struct field not found'],
    ['clips[n] > 1', 'can not comparisons array fields directly'],
    ['array_length(clips[0][n]) > 1', 'mismatched input'],
  ])('%s is refused', (filter, why) => {
    expect(refusal(filter)).toContain(why)
  })

  test('structs are found by element_filter, rows by the others', () => {
    const found = (filter: string): unknown => compileFilter(filter, schema)?.elements
    expect(found('i > 1 and element_filter(clips, $[n] > 1)')).toMatchObject({
      struct: 'clips',
      test: { kind: 'compare', left: { path: ['n'] } },
    })
    expect(found('i > 1 or element_filter(clips, $[n] > 1)')).toBeUndefined()
    expect(found('match_any(clips, $[n] > 1)')).toBeUndefined()
  })
})
