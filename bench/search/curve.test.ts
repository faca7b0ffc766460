import { expect, it } from 'vitest'
import { pointAt, speedAt } from './curve.ts'

const curve = [
  { effort: 10, recall: 0.9, perSecond: 400 },
  { effort: 20, recall: 0.96, perSecond: 100 },
  { effort: 40, recall: 0.98, perSecond: 50 },
]

it('the speed at a recall lies between those of the efforts around it', () => {
  expect(speedAt(curve, 0.93)).toBeCloseTo(200)
  expect(speedAt(curve, 0.96)).toBeCloseTo(100)
})

it('who finds more with the least effort is not taken to be any quicker with less', () => {
  expect(speedAt(curve, 0.5)).toBe(400)
})

it('a recall that was never reached has neither speed nor point', () => {
  expect(speedAt(curve, 0.99)).toBeUndefined()
  expect(pointAt(curve, 0.99)).toBeUndefined()
  expect(speedAt([], 0.9)).toBeUndefined()
})

it('the point of a recall is the first that reaches it', () => {
  expect(pointAt(curve, 0.95)?.effort).toBe(20)
})

it('speed by processor time is what a second of it is worth', () => {
  const measured = [{ effort: 10, recall: 0.99, perSecond: 100, processorMs: 2 }]
  expect(speedAt(measured, 0.95, 'processor time')).toBe(500)
  expect(speedAt(curve, 0.95, 'processor time')).toBeUndefined()
})
