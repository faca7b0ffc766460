import { expect, it } from 'vitest'
import { busyShare, topFunctions } from './top-functions.ts'

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  scriptId: '1',
  url,
  lineNumber,
  columnNumber: 0,
})
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)') },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('search', 'file:///a/b/search.js', 9) },
    { id: 4, callFrame: frame('parse', 'file:///a/b/json.js', 4) },
    // The same function, called from elsewhere.
    { id: 5, callFrame: frame('search', 'file:///a/b/search.js', 9) },
  ],
  startTime: 0,
  endTime: 10_000,
  samples: [2, 3, 4, 5, 3],
  timeDeltas: [5_000, 1_000, 1_500, 500, 2_000],
}

it('functions are listed by their own time, wherever they were called from', () => {
  expect(topFunctions(profile)).toEqual([
    { name: 'search', place: 'b/search.js:10', milliseconds: 3.5, share: 0.7 },
    { name: 'parse', place: 'b/json.js:5', milliseconds: 1.5, share: 0.3 },
  ])
})

it('resting is no work', () => {
  expect(busyShare(profile)).toBe(0.5)
  expect(topFunctions({ nodes: [], startTime: 0, endTime: 0 })).toEqual([])
})
