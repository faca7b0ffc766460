import { expect, test } from 'vitest'
import { TaskPlaces, type TaskPlace } from './task-places.ts'

function places(): { readonly places: TaskPlaces; readonly announced: Float64Array[] } {
  const announced: Float64Array[] = []
  return { places: new TaskPlaces((words) => announced.push(words)), announced }
}

test('a place that was given back is taken again, and messages under way have one each', () => {
  const { places: all, announced } = places()
  const [first, second] = [all.take(10)!, all.take(4_000)!]
  expect([first.number, second.number]).toEqual([0, 1])
  expect(first.words.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(announced).toEqual([first.words, second.words])
  all.giveBack(second)
  expect(all.take(3_000)).toBe(second)
  all.giveBack(first)
  expect(all.take(1)).toBe(first)
  expect(announced.length).toBe(2)
})

test('what no place is long enough for gets a longer one, in the place of one that is free', () => {
  const { places: all, announced } = places()
  const short = all.take(1)!
  all.giveBack(short)
  const long = all.take(short.words.length + 1)!
  expect([long.number, long.words.length]).toEqual([1, 2 * short.words.length])
  all.giveBack(long)
  expect(all.take(1)).toBe(long)
  expect(all.take(1)!.number).toBe(2)
  expect(announced.length).toBe(3)
})

test('what is too long for any place has none', () => {
  const { places: all, announced } = places()
  const taken = (length: number): TaskPlace | undefined => all.take(length)
  expect(taken(131_072)!.words.length).toBe(131_072)
  expect(taken(131_073)).toBeUndefined()
  expect(announced.length).toBe(1)
})
