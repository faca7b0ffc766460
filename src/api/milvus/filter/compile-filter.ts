import type { Filter, Literal } from '../../../index.ts'
import { ends, ExpressionError, FilterError } from './filter-error.ts'
import { parseFilter } from './grammar/parser.ts'
import { analyze } from './meaning/analyze.ts'
import { dataTypeOf } from './meaning/comparisons.ts'
import { nameOfType } from './meaning/constants.ts'
import { findPredicate } from './meaning/logic.ts'
import type { BuildScope, ElementTest, FilterSchema, Predicate, Templates } from './meaning/meaning.ts'

export interface CompileOptions {
  /** Values for `{name}`. */
  readonly templates?: Templates
  /** What random_sample chooses by. Default 0. */
  readonly seed?: number
}

export interface CompiledFilter {
  readonly filter: Filter
  /** Set if the filter is nothing but `key == …` or `key in […]`: the primary keys, as often as they stand there. */
  readonly keys?: readonly (string | number | bigint)[]
  /** Set if structs are what is found, and not only their rows. */
  readonly elements?: ElementTest
}

/**
 * Milvus' filter language as a filter of the engine; undefined for an empty text, which passes everything.
 * @throws FilterError
 */
export function compileFilter(
  text: string,
  schema: FilterSchema,
  options: CompileOptions = {},
): CompiledFilter | undefined {
  if (text.trim() === '') return undefined
  const predicate = predicateOf(text, schema)
  const scope: BuildScope = { templates: options.templates ?? new Map(), seed: options.seed ?? 0 }
  try {
    const expression = predicate.build(scope)
    if (!isWithin(expression, depthMax)) throw new ExpressionError('the expression is nested too deep')
    const filter: Filter = { must: [{ kind: 'expression', expression }] }
    const keys = predicate.keys?.(scope)
    const elements = predicate.elements?.(scope)
    return {
      filter,
      ...(keys !== undefined && { keys: keys.map(keyOf) }),
      ...(elements !== undefined && { elements }),
    }
  } catch (error) {
    throw error instanceof ExpressionError ? new FilterError(`${error.message}: ${error.end}`) : error
  }
}

// As JSON; what the engine takes.
const depthMax = 100

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1))
}

function predicateOf(text: string, schema: FilterSchema): Predicate {
  const meaning = meaningOf(text, schema)
  const predicate = findPredicate(meaning)
  if (predicate !== undefined) return predicate
  const type = nameOfType(dataTypeOf(meaning))
  throw new FilterError(`predicate is not a boolean expression: ${text}, data type: ${type}: ${ends.plan}`)
}

function meaningOf(text: string, schema: FilterSchema): ReturnType<typeof analyze> {
  try {
    const { root, textOf } = parseFilter(text)
    return analyze(root, { schema, textOf })
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw new FilterError(`cannot parse expression: ${text}: ${error.message}: ${error.end}`)
  }
}

function keyOf(literal: Literal): string | number | bigint {
  return (literal as Extract<Literal, { type: 'int' | 'text' }>).value
}

export type { ElementTest, FilterSchema, Templates } from './meaning/meaning.ts'
