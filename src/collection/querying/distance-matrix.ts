import { compareWords, type IdWords } from '../../ids/point-id.ts'
import type { RowRef } from '../id-order.ts'
import type { Slices } from '../../runtime/slices.ts'
import { isDescending, paramsOf, scoreRows } from '../scoring.ts'
import { columnNameOf, vectorAt } from '../vector-columns.ts'
import type { View } from '../view.ts'
import { CandidateSource, listOf, type Candidates } from './candidates.ts'
import { scoreEach } from './hits.ts'
import type { DistanceMatrix, DistanceMatrixRequest } from './query-types.ts'
import { sampleRows } from './sample.ts'

/** @throws vector-unknown, filter-invalid */
export async function distanceMatrix(
  view: View,
  slices: Slices,
  request: DistanceMatrixRequest & { readonly sample: number; readonly limit: number },
  random: () => number,
): Promise<DistanceMatrix> {
  const using = request.using ?? ''
  const params = paramsOf(view, using)
  const passing = await new CandidateSource(view, slices).passing(request.filter, [])
  const points = inIdOrder(
    sampleRows(
      passing.map((one) => withVector(one, columnNameOf(using, params))),
      request.sample,
      random,
    ),
  )
  // A single point has nobody to be compared with.
  if (points.length < 2) return { ids: [], neighbours: [] }
  const sign = isDescending(params.distance) ? -1 : 1
  const neighbours = points.map(({ rows, row }, self) => {
    const vector = vectorAt({ rows, row }, view.config.vectors, using)!
    const scores = scoreEach(points, (one, list) => scoreRows(one, using, params, vector, list))
    const others = [...scores.keys()].filter((index) => index !== self && !Number.isNaN(scores[index]))
    others.sort((a, b) => sign * (scores[a]! - scores[b]!) || a - b)
    return others.slice(0, request.limit).map((index) => ({ index, score: scores[index]! }))
  })
  return { ids: points.map(({ rows, row }) => rows.pointIdAt(row)), neighbours }
}

function withVector(candidates: Candidates, column: string): Candidates {
  const bits = new Uint32Array((candidates.rowLimit + 31) >>> 5)
  for (const row of listOf(candidates, column)) bits[row >>> 5]! |= 1 << (row & 31)
  return { ...candidates, bits }
}

const left: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
const right: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

function inIdOrder(refs: RowRef[]): RowRef[] {
  return refs.sort((a, b) => {
    a.rows.idAt(a.row, left)
    b.rows.idAt(b.row, right)
    return compareWords(left, right)
  })
}
