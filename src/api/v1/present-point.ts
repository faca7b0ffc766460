import { plainVector, type Point, type ScoredPoint } from '../../index.ts'

/** A point as JSON: payload text as it is stored, vectors in the shortest numbers that give their float32s back. */
export function presentPoint({ id, version, payload, vectors }: Point): Readonly<Record<string, unknown>> {
  return {
    id,
    version,
    payload,
    vectors:
      vectors === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(vectors).map(([name, vector]) => [name, plainVector(vector, shortest)]),
          ),
  }
}

export function presentHit(point: ScoredPoint): Readonly<Record<string, unknown>> {
  return { ...presentPoint(point), score: point.score }
}

/** 0.1, not 0.10000000149011612. Nine digits name every float32. */
function shortest(value: number): number {
  if (Math.trunc(value) === value || !Number.isFinite(value)) return value
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}
