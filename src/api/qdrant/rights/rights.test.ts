import { describe, expect, test } from 'vitest'
import { Rights, type CollectionMode, type Requirement } from './rights.ts'

const live = new Set(['c', 'other', 'c@live'])

function holding(modes: Readonly<Record<string, CollectionMode>>): Rights {
  return new Rights({ scope: 'collections', modes: new Map(Object.entries(modes)) }, (name) => live.has(name))
}

function refusal(rights: Rights, requirement: Requirement): string | undefined {
  try {
    rights.require(requirement)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const of = (collection: string, level: 'read' | 'write' | 'manage', isWhole = false): Requirement => {
  return { scope: 'collection', collection, level, isWhole }
}

describe('rights to one collection', () => {
  test.each([
    ['r', of('c', 'read', true), undefined],
    ['r', of('c', 'write'), 'Forbidden: Write access to collection c is required'],
    ['r', of('c', 'manage', true), 'Forbidden: Write access to collection c is required'],
    ['rw', of('c', 'write', true), undefined],
    ['rw', of('c', 'manage', true), 'Forbidden: Manage access for this operation is required'],
    ['prw', of('c', 'write'), undefined],
    ['prw', of('c', 'read', true), 'Forbidden: Only points access is allowed for collection c'],
    ['prw', of('c', 'manage', true), 'Forbidden: Only points access is allowed for collection c'],
    ['rw', of('other', 'read'), 'Forbidden: Access to collection other is required'],
    ['rw', { scope: 'global', level: 'read' }, 'Forbidden: Global access is required'],
    ['r', { scope: 'any' }, undefined],
  ] as const)('%s: %j', (mode, requirement, expected) => {
    expect(refusal(holding({ c: mode }), requirement)).toBe(expected)
  })
})

describe('global rights', () => {
  const reader = new Rights({ scope: 'global', level: 'read' }, () => false)

  test('to read are for every collection, and for nothing that changes one', () => {
    expect(refusal(reader, of('c', 'read', true))).toBeUndefined()
    expect(refusal(reader, of('c', 'write'))).toBe('Forbidden: Global manage access is required')
    expect(refusal(reader, { scope: 'global', level: 'manage' })).toBe(
      'Forbidden: Global manage access is required',
    )
  })

  test('to manage are for everything', () => {
    expect(refusal(Rights.everything, of('c', 'manage', true))).toBeUndefined()
  })
})

describe('names with an @', () => {
  test('what a collection was is covered by rights to it', () => {
    expect(holding({ c: 'r' }).maySee('c@yesterday')).toBe(true)
    expect(holding({ c: 'rw' }).maySee('other@yesterday')).toBe(false)
    expect(refusal(holding({ c: 'r' }), of('c@yesterday', 'write'))).toBe(
      'Forbidden: Write access to collection c@yesterday is required',
    )
  })

  test('a collection of that very name is another one', () => {
    expect(holding({ c: 'r' }).maySee('c@live')).toBe(false)
    expect(holding({ 'c@live': 'r' }).maySee('c@live')).toBe(true)
    expect(holding({ 'c@live': 'r' }).maySee('c')).toBe(false)
  })

  test('where the collection could end at either @, both must be covered', () => {
    expect(holding({ c: 'r' }).maySee('c@live@yesterday')).toBe(false)
    expect(holding({ 'c@live': 'r' }).maySee('c@live@yesterday')).toBe(false)
    expect(holding({ c: 'r', 'c@live': 'r' }).maySee('c@live@yesterday')).toBe(true)
  })

  test('an entry for one snapshot is for that alone', () => {
    expect(holding({ 'c@friday': 'r' }).maySee('c@friday')).toBe(true)
    expect(holding({ 'c@friday': 'r' }).maySee('c@monday')).toBe(false)
  })
})
