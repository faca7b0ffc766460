import { scrypt, timingSafeEqual } from 'node:crypto'
import { systemRandom, type Random } from '../../../runtime/random.ts'

/** What is kept of a password. The hash is base64. */
export interface PasswordRecord {
  readonly salt: string
  readonly hash: string
  /** log2 of scrypt's N; its r is 8, its p 1. */
  readonly cost: number
}

const cost = 14
const hashBytes = 32

export async function recordOf(
  password: string,
  random: Pick<Random, 'uuid'> = systemRandom,
): Promise<PasswordRecord> {
  const salt = random.uuid()
  const hash = await derive(password, salt, cost)
  return { salt, hash: hash.toString('base64'), cost }
}

export async function isPasswordOf(record: PasswordRecord, password: string): Promise<boolean> {
  const known = Buffer.from(record.hash, 'base64')
  const given = await derive(password, record.salt, record.cost)
  return known.length === given.length && timingSafeEqual(known, given)
}

function derive(password: string, salt: string, log2n: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Twice what N and r need: the limit counts a little more than the blocks.
    const options = { N: 2 ** log2n, r: 8, p: 1, maxmem: 2 * 128 * 8 * 2 ** log2n }
    scrypt(password, salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
