import { describe, expect, test } from 'vitest'
import { isDatabaseError } from '../../errors/database-error.ts'
import { checkPolicy, type Policy } from './policy.ts'

const policy: Policy = {
  name: 'nightly',
  collections: ['docs', 'tenant-*'],
  schedule: '0 2 * * *',
  keep: { last: 3 },
  isEnabled: true,
}

function faultOf(change: Record<string, unknown>): unknown {
  try {
    checkPolicy({ ...policy, ...change })
  } catch (error) {
    if (isDatabaseError(error, 'request-invalid')) return error.details['field'] ?? error.message
    throw error
  }
  return undefined
}

describe('checkPolicy', () => {
  test('gives the policy back, without members that say nothing', () => {
    expect(checkPolicy(policy)).toEqual(policy)
    const noisy = { ...policy, timezone: undefined, keep: { last: 3, daily: undefined }, other: 1 }
    expect(checkPolicy(noisy as unknown as Policy)).toStrictEqual(policy)
    const full: Policy = {
      ...policy,
      collections: 'store',
      schedule: null,
      timezone: 'Asia/Tokyo',
      labels: { env: 'test' },
      verify: true,
    }
    expect(checkPolicy(full)).toStrictEqual(full)
  })

  test('a name that is said twice is one', () => {
    expect(checkPolicy({ ...policy, collections: ['a', 'a'] }).collections).toEqual(['a'])
  })

  test('names what is wrong', () => {
    expect(faultOf({ name: 'a@b' })).toBe('name')
    expect(faultOf({ name: '' })).toBe('name')
    expect(faultOf({ collections: [] })).toBe('collections')
    expect(faultOf({ collections: [''] })).toBe('collections')
    expect(faultOf({ collections: 'docs' })).toBe('collections')
    expect(faultOf({ schedule: 5 })).toBe('schedule')
    expect(faultOf({ schedule: '99 * * * *' })).toContain('99')
    expect(faultOf({ timezone: 'Nowhere' })).toContain('Nowhere')
    expect(faultOf({ keep: { last: 0 } })).toBe('keep.last')
    expect(faultOf({ keep: { daily: 1.5 } })).toBe('keep.daily')
    expect(faultOf({ keep: { fortnightly: 1 } })).toBe('keep.fortnightly')
    expect(faultOf({ keep: null })).toBe('keep')
    expect(faultOf({ labels: { policy: 'x' } })).toBe('labels')
    expect(faultOf({ labels: { a: 1 } })).toBe('labels.a')
    expect(faultOf({ verify: 'yes' })).toBe('verify')
    expect(faultOf({ isEnabled: 1 })).toBe('isEnabled')
  })
})
