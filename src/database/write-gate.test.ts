import { expect, test } from 'vitest'
import { WriteGate } from './write-gate.ts'

/** Enters and notes when it is inside. */
function enter(gate: WriteGate, bytes: number, inside: number[]): void {
  const waiting = gate.enter(bytes)
  if (waiting === undefined) inside.push(bytes)
  else void waiting.then(() => inside.push(bytes))
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('lets as many bytes in as it may, and the others in their order', async () => {
  const gate = new WriteGate(10, () => false)
  const inside: number[] = []
  for (const bytes of [4, 5, 3, 1, 2]) enter(gate, bytes, inside)
  await settled()
  // 1 would fit, but 3 came before.
  expect(inside).toEqual([4, 5])
  expect(gate.waiting).toBe(3)
  gate.leave(4)
  await settled()
  expect(inside).toEqual([4, 5, 3, 1])
  expect(gate.bytes).toBe(9)
  gate.leave(5)
  await settled()
  expect(inside).toEqual([4, 5, 3, 1, 2])
})

test('lets a write in alone that is larger than everything', async () => {
  const gate = new WriteGate(10, () => false)
  const inside: number[] = []
  for (const bytes of [1, 50, 2]) enter(gate, bytes, inside)
  await settled()
  expect(inside).toEqual([1])
  gate.leave(1)
  await settled()
  expect(inside).toEqual([1, 50])
  gate.leave(50)
  await settled()
  expect(inside).toEqual([1, 50, 2])
})

test('lets nobody in while it is closed', async () => {
  let isClosed = true
  const gate = new WriteGate(10, () => isClosed)
  const inside: number[] = []
  for (const bytes of [1, 2]) enter(gate, bytes, inside)
  gate.admit()
  await settled()
  expect(inside).toEqual([])
  isClosed = false
  gate.admit()
  await settled()
  expect(inside).toEqual([1, 2])
})
