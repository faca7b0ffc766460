import type { Credentials, Guard } from '../../api/qdrant/rights/guard.ts'
import { Rights } from '../../api/qdrant/rights/rights.ts'
import { translateFilter } from '../../api/qdrant/translate/filter.ts'
import { WireError } from '../../api/qdrant/wire-error.ts'
import type { Database } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ValueExists } from './claims.ts'
import { KeySet } from './keys.ts'
import { readToken, type TokenResult } from './token.ts'

export interface GuardOptions {
  readonly apiKey?: string | undefined
  /** Opens everything as `apiKey` does, so that keys can be changed one after the other. */
  readonly alternativeApiKey?: string | undefined
  readonly readOnlyApiKey?: string | undefined
  /** JSON web tokens, signed with `apiKey` or `alternativeApiKey`, are taken. */
  readonly tokens?: boolean
  readonly database: Pick<Database, 'findCollection'>
  readonly clock: Clock
}

/** Undefined if no key is set: then nobody is asked, and tokens mean nothing. */
export function createGuard(options: GuardOptions): Guard | undefined {
  const { apiKey, alternativeApiKey, readOnlyApiKey } = options
  return [apiKey, alternativeApiKey, readOnlyApiKey].some(isSet) ? new KeyGuard(options) : undefined
}

class KeyGuard implements Guard {
  readonly #database: GuardOptions['database']
  readonly #clock: Clock
  readonly #full: KeySet
  readonly #readOnly: KeySet
  readonly #secrets: readonly string[]

  constructor(options: GuardOptions) {
    const full = [options.apiKey, options.alternativeApiKey].filter(isSet)
    this.#database = options.database
    this.#clock = options.clock
    this.#full = new KeySet(full)
    this.#readOnly = new KeySet([options.readOnlyApiKey])
    this.#secrets = options.tokens === true ? full : []
  }

  async authenticate(credentials: Credentials): Promise<Rights> {
    const key = keyOf(credentials)
    if (key === undefined)
      throw new WireError(401, 'Must provide an API key or an Authorization bearer token')
    if (this.#full.has(key)) return Rights.everything
    if (this.#readOnly.has(key)) return new Rights({ scope: 'global', level: 'read' }, () => false)
    return this.#rightsOfToken(key)
  }

  async #rightsOfToken(text: string): Promise<Rights> {
    const results = this.#secrets.map((secret) => readToken(text, secret, this.#clock.now()))
    const result = results.find((one) => one !== undefined && 'claims' in one) ?? results.find(isRefusal)
    if (result === undefined) throw new WireError(401, 'Invalid API key or JWT')
    if ('refusal' in result) throw new WireError(403, result.refusal)
    const { fault, valueExists, grant } = result.claims
    if (fault !== undefined) throw new WireError(401, fault)
    if (valueExists !== undefined) await this.#checkExists(valueExists)
    return new Rights(grant, (name) => this.#database.findCollection(name) !== undefined)
  }

  /** A token can be tied to a point, and counts for as long as that exists. @throws WireError 401, 403 */
  async #checkExists({ collection: name, matches }: ValueExists): Promise<void> {
    const refusal = 'Invalid JWT, stateful validation failed'
    const collection = this.#database.findCollection(name)
    if (collection === undefined) throw new WireError(403, refusal)
    const must = matches.map(({ key, value }) => ({ key, match: { value } }))
    const { points } = await collection.scroll({ filter: translateFilter({ must }), limit: 1 })
    if (points.length === 0) throw new WireError(401, refusal)
  }
}

const isSet = (key: string | undefined): key is string => key !== undefined && key !== ''

const isRefusal = (result: TokenResult): result is Extract<TokenResult, { readonly refusal: string }> =>
  result !== undefined && 'refusal' in result

function keyOf({ apiKey, authorization }: Credentials): string | undefined {
  if (apiKey !== undefined) return apiKey
  const start = 'Bearer '
  return authorization?.startsWith(start) === true ? authorization.slice(start.length) : undefined
}
