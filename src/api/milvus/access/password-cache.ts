import { createHash } from 'node:crypto'
import { isPasswordOf, recordOf, type PasswordRecord } from './passwords.ts'

const rememberedMax = 1_024

/**
 * Passwords that were found right, by digest: hashing one takes tens of milliseconds, and every call brings one. What
 * is remembered counts for the record that it was checked against: after a change, or for another user of that name,
 * it is checked anew. Wrong ones are checked one at a time, so that guessing does not take the processors.
 */
export class PasswordCache {
  readonly #right = new Map<string, PasswordRecord>()
  #last: Promise<unknown> = Promise.resolve()
  #stranger: Promise<PasswordRecord> | undefined

  /** Without a record it is wrong, and takes as long as any wrong one. */
  async isRight(user: string, record: PasswordRecord | undefined, password: string): Promise<boolean> {
    if (record !== undefined) return this.#check(user, record, password)
    this.#stranger ??= recordOf('')
    await this.#check(user, await this.#stranger, `_${password}`)
    return false
  }

  async #check(user: string, record: PasswordRecord, password: string): Promise<boolean> {
    const key = createHash('sha256').update(`${user}:${password}`).digest('base64')
    if (this.#isRemembered(key, record)) return true
    const check = this.#last.then(async () => {
      if (this.#isRemembered(key, record)) return true
      const isRight = await isPasswordOf(record, password)
      if (isRight) this.#remember(key, record)
      return isRight
    })
    this.#last = check.catch(() => undefined)
    return check
  }

  #isRemembered(key: string, { salt, hash }: PasswordRecord): boolean {
    const known = this.#right.get(key)
    return known !== undefined && known.salt === salt && known.hash === hash
  }

  #remember(key: string, record: PasswordRecord): void {
    this.#right.delete(key)
    this.#right.set(key, record)
    const [oldest] = this.#right.keys()
    if (this.#right.size > rememberedMax && oldest !== undefined) this.#right.delete(oldest)
  }
}
