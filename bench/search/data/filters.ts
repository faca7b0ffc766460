/** Rows have a number below this, drawn evenly; every field that filters ask for follows from it. */
export const numbersBelow = 1_000_000

/** Keyword fields: `c10` has ten values, each of a tenth of the rows. */
export const classCounts = [2, 10, 100, 1_000] as const

export interface RowFilter {
  readonly name: string
  /** Of the rows, about. */
  readonly share: number
  readonly kind: 'match' | 'range'
}

/** What one query asks for. */
export type Condition =
  | { readonly field: string; readonly value: string }
  | { readonly field: 'n'; readonly from: number; readonly below: number }

export const rowFilters: readonly RowFilter[] = (['match', 'range'] as const).flatMap((kind) =>
  classCounts.map((classes) => ({ name: `${kind} ${100 / classes} %`, share: 1 / classes, kind })),
)

export function filterNamed(name: string): RowFilter {
  const found = rowFilters.find((filter) => filter.name === name)
  if (found === undefined) throw new Error(`There is no filter ${name}`)
  return found
}

/** Queries ask for different values, so that nobody answers all of them from one cached set of rows. */
export function conditionOf({ kind, share }: RowFilter, query: number): Condition {
  if (kind === 'match') {
    const classes = Math.round(1 / share)
    return { field: `c${classes}`, value: `v${(query * 7_919) % classes}` }
  }
  const width = Math.round(share * numbersBelow)
  const from = (query * 7_919 * 31) % (numbersBelow - width + 1)
  return { field: 'n', from, below: from + width }
}

export function passes(condition: Condition, number: number): boolean {
  if ('value' in condition) return classOf(Number(condition.field.slice(1)), number) === condition.value
  return number >= condition.from && number < condition.below
}

export function payloadOf(number: number): Readonly<Record<string, number | string>> {
  return {
    n: number,
    ...Object.fromEntries(classCounts.map((classes) => [`c${classes}`, classOf(classes, number)])),
  }
}

export function classOf(classes: number, number: number): string {
  return `v${number % classes}`
}
