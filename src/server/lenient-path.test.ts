import { expect, test } from 'vitest'
import { lenientUrl } from './lenient-path.ts'

test.each([
  '/',
  '/collections/c?x=%FF&y=100%',
  '/collections/%C3%BCml%C3%A4ut/points',
  '/collections/a%2Fb%25',
])('%s is left alone', (url) => {
  expect(lenientUrl(url)).toBe(url)
})

test.each([
  ['/collections/100%', '/collections/100%25'],
  ['/collections/100%/points?limit=%', '/collections/100%25/points?limit=%'],
  ['/collections/%FF', '/collections/%EF%BF%BD'],
  ['/collections/%E0%A4/x', '/collections/%EF%BF%BD/x'],
  ['/%%2F%zz%C3%BC', '/%25%2F%25zz%C3%BC'],
  ['/a%FF%2F..%2Fb', '/a%EF%BF%BD%2F..%2Fb'],
])('%s becomes %s', (url, mended) => {
  expect(lenientUrl(url)).toBe(mended)
  expect(() => decodeURIComponent(mended.split('?', 1)[0]!)).not.toThrow()
  expect(lenientUrl(mended)).toBe(mended)
})
