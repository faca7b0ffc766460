import { expect, test } from 'vitest'
import { DatabaseError } from '../../errors/database-error.ts'
import { checkCollectionName } from './check-config.ts'

test('names that can be those of a folder', () => {
  const names = [
    'c',
    'with space',
    ' ',
    '...',
    '.hidden',
    'ümläut',
    '名前',
    '🌵',
    'a@b',
    'a:b',
    'n'.repeat(255),
    'ü'.repeat(127),
  ]
  for (const name of names) expect(() => checkCollectionName(name)).not.toThrow()
})

test('names that no folder can have, or that lead elsewhere', () => {
  const names = ['', '.', '..', 'a/b', '/', '../c', 'a\\b', 'a\0', 'a\nb', '\t', '\u007f', '\u0085', '\ud800']
  for (const name of [...names, 'n'.repeat(256), 'ü'.repeat(128)]) {
    expect(() => checkCollectionName(name), JSON.stringify(name)).toThrow(DatabaseError)
    expect(() => checkCollectionName(name)).toThrow(/^Cannot use collection name "/)
  }
})
