import { badRequest } from '../failures.ts'
import type { WireError } from '../wire-error.ts'

/** What strict mode forbids, and what to do instead. */
export const forbidden = (fault: string, help: string): WireError => badRequest(`${fault}. Help: ${help}`)

/** @throws WireError 400 */
export function checkAtMost(value: number | undefined, limit: number | undefined, name: string): void {
  if (value === undefined || limit === undefined || value <= limit) return
  throw forbidden(
    `Limit exceeded ${value} > ${limit} for "${name}"`,
    `Reduce the "${name}" parameter to or below ${limit}.`,
  )
}

/** @throws WireError 400 */
export function checkExact(isExact: boolean | undefined, isAllowed: boolean | undefined): void {
  if (isExact === true && isAllowed === false) throw forbidden('Exact search disabled!', 'Set exact=false.')
}
