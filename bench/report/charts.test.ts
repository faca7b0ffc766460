import { expect, it } from 'vitest'
import { barChart } from './bar-chart.ts'
import { curveChart } from './curve-chart.ts'

const curves = [
  {
    name: 'a <b> & "c"',
    points: [
      { recall: 0.9, perSecond: 2_000, note: 'ef 10' },
      { recall: 0.99, perSecond: 500, note: 'ef 64' },
      { recall: 1, perSecond: 40, note: 'ef 512' },
    ],
  },
  { name: 'never measured', points: [] },
]

it('a curve goes right with recall and up with speed, within the drawing', () => {
  const points = /<polyline points="([^"]+)"/.exec(curveChart('title', curves))![1]!
  const places = points.split(' ').map((pair) => pair.split(',').map(Number))
  expect(places).toHaveLength(3)
  const [first, second, third] = places as [number[], number[], number[]]
  expect(first[0]).toBeLessThan(second[0]!)
  expect(second[0]).toBeLessThan(third[0]!)
  expect(first[1]).toBeLessThan(second[1]!)
  expect(second[1]).toBeLessThan(third[1]!)
  for (const [x, y] of places) {
    expect(x).toBeGreaterThan(0)
    expect(x).toBeLessThanOrEqual(560)
    expect(y).toBeGreaterThan(0)
    expect(y).toBeLessThanOrEqual(370)
  }
})

it('names are escaped, and whoever was not measured is still in the legend', () => {
  const text = curveChart('title', curves)
  expect(text).toContain('a &lt;b&gt; &amp; &quot;c&quot;')
  expect(text).toContain('never measured')
})

it('nothing at all is no chart', () => {
  expect(() => curveChart('empty', [])).toThrow('There is nothing to draw: empty')
})

it('bars are as long as their values, and a missing one says so', () => {
  const text = barChart('title', {
    unit: 'queries/s',
    series: ['0.95', '0.99'],
    groups: [
      { name: 'quick', values: [1_000, 500] },
      { name: 'slow', values: [250, undefined] },
    ],
  })
  const widths = [...text.matchAll(/<rect x="190"[^>]* width="([\d.]+)" height="13"/g)].map(([, width]) =>
    Number(width),
  )
  expect(widths).toEqual([480, 240, 120, 0])
  expect(text).toContain('none')
})
