import { describe, expect, test } from 'vitest'
import { pickDiverse } from './diversity.ts'

// Candidates on a line: relevance falls with the place, likeness with the distance.
const places = [0, 1, 2, 10, 11]
const relevance = Float32Array.from(places, (place) => -place)
const likenessTo = (candidate: number): Float32Array =>
  Float32Array.from(places, (place) => -Math.abs(place - places[candidate]!))

const pick = (diversity: number, count = 5): number[] => pickDiverse(relevance, diversity, count, likenessTo)

describe('picking what is close and unlike', () => {
  test('without diversity it is the order of relevance', () => {
    expect(pick(0)).toEqual([0, 1, 2, 3, 4])
  })

  test('with diversity alone the second is the most unlike', () => {
    expect(pick(1, 3)).toEqual([0, 4, 2])
  })

  test('the most relevant is always the first', () => {
    for (const diversity of [0, 0.2, 0.5, 0.9, 1]) expect(pick(diversity, 1)).toEqual([0])
  })

  test('every candidate is picked once', () => {
    expect([...pick(0.7, 99)].sort()).toEqual([0, 1, 2, 3, 4])
    expect(pick(0.5, 0)).toEqual([])
    expect(pickDiverse(new Float32Array(0), 0.5, 3, likenessTo)).toEqual([])
  })

  test('likeness is asked for once for each pick but the last', () => {
    const asked: number[] = []
    const picked = pickDiverse(relevance, 0.5, 3, (candidate) => {
      asked.push(candidate)
      return likenessTo(candidate)
    })
    expect(asked).toEqual(picked.slice(0, 2))
  })
})
