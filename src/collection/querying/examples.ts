import { DatabaseError } from '../../errors/database-error.ts'
import type { VectorValue } from '../../graph/vector-value.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import type { Filter } from '../../query/filter.ts'
import type { RowRef } from '../id-order.ts'
import { paramsOf, prepareQuery } from '../scoring.ts'
import type { VectorInput } from '../types.ts'
import { vectorAt } from '../vector-columns.ts'
import { toVector } from '../vector-input.ts'
import type { View } from '../view.ts'
import { findInPartitions, findInView, rowsOfId } from './find-row.ts'
import type { Example, PointExample, Prefetch, Query } from './query-types.ts'

/** Vectors of points of other collections, which are read before the view is taken. */
export type ForeignVectors = ReadonlyMap<PointExample, VectorValue>

/** What is searched, and all that there is at that moment. */
export interface SearchedViews {
  readonly view: View
  readonly whole: View
}

/** The vectors that are compared, and what a query is weighed by. */
export interface SearchedField {
  readonly using: string
  readonly corpus?: Filter
}

export function isPointExample(example: Example): example is PointExample {
  return 'id' in example
}

export function examplesOf(query: Query | undefined): readonly Example[] {
  switch (query?.kind) {
    case 'nearest':
      return [query.to]
    case 'recommend':
      return [...(query.positive ?? []), ...(query.negative ?? [])]
    case 'discover':
      return [query.target, ...query.context.flatMap((pair) => [pair.positive, pair.negative])]
    case 'context':
      return query.context.flatMap((pair) => [pair.positive, pair.negative])
    case 'feedback':
      return [query.target, ...query.judged.map(({ example }) => example)]
    default:
      return []
  }
}

export const noForeign: ForeignVectors = new Map()

/** @throws point-not-found, vector-unknown, and what the other reader throws */
export async function readForeign(request: Prefetch): Promise<ForeignVectors> {
  const found = new Map<PointExample, VectorValue>()
  await collectForeign(request, found)
  return found
}

/** Whether `readForeign` has anything to read. */
export function namesForeign({ query, prefetch }: Prefetch): boolean {
  if (query !== undefined && isAnyExample(query, isForeign)) return true
  return prefetch?.some(namesForeign) ?? false
}

function isForeign(example: Example): boolean {
  return isPointExample(example) && example.from !== undefined
}

/** Most queries have one example. */
function isAnyExample(query: Query, is: (example: Example) => boolean): boolean {
  return query.kind === 'nearest' ? is(query.to) : examplesOf(query).some(is)
}

async function collectForeign(request: Prefetch, into: Map<PointExample, VectorValue>): Promise<void> {
  for (const example of examplesOf(request.query)) {
    if (!isPointExample(example) || example.from === undefined) continue
    const name = example.vector ?? request.using ?? ''
    const { partitions } = example
    const [point] = await example.from.get([example.id], {
      vectors: [name],
      ...(partitions === undefined ? {} : { partitions }),
    })
    if (point === undefined) throw pointMissing(example)
    const vector = point.vectors?.[name]
    if (vector !== undefined) into.set(example, vector)
    else if (Object.hasOwn(example.from.config().vectors, name)) throw vectorMissing(example, name)
    else throw vectorUnknown(name)
  }
  for (const prefetch of request.prefetch ?? []) await collectForeign(prefetch, into)
}

const noPoints: readonly RowRef[] = []

/** Finds the vectors of examples, and the points that are examples. */
export class ExampleReader {
  readonly #view: View
  readonly #whole: View
  readonly #foreign: ForeignVectors

  /** `whole` has all partitions of the view. */
  constructor({ view, whole }: SearchedViews, foreign: ForeignVectors) {
    this.#view = view
    this.#whole = whole
    this.#foreign = foreign
  }

  /** As it is compared with vectors of that name. @throws point-not-found, vector-unknown, dimension-mismatch, request-invalid */
  prepared(example: Example, { using, corpus }: SearchedField): VectorValue {
    paramsOf(this.#view, using)
    return prepareQuery(this.#view, using, this.#input(example, using), corpus)
  }

  /** As it was given or is stored, for arithmetic. The same errors. */
  plain(example: Example, { using }: SearchedField): VectorValue {
    const params = paramsOf(this.#view, using)
    const input = this.#input(example, using)
    const value = toVector(using, params, input)
    if ((params.kind ?? 'dense') !== 'dense') return value
    const vector = input instanceof Float32Array ? input : Float32Array.from(input as readonly number[])
    // In an average a long vector would count for more than a short one, which is nothing that Cosine knows of.
    const isScaled = isPointExample(example) && params.distance === 'Cosine' && params.keepsLength === true
    return isScaled ? toVector(using, { size: params.size, distance: 'Cosine' }, vector) : vector
  }

  /** The points of the view that are examples in the request or in its prefetches. */
  pointsOf(request: Prefetch): readonly RowRef[] {
    const { query, prefetch } = request
    const isNone = query === undefined || !isAnyExample(query, isPointExample)
    if (isNone && prefetch === undefined) return noPoints
    const found: RowRef[] = []
    for (const example of examplesOf(query)) {
      if (!isPointExample(example) || example.from !== undefined) continue
      this.#find(example)
      found.push(...rowsOfId(this.#view, wordsOfId(example.id)))
    }
    return [...found, ...(prefetch ?? []).flatMap((one) => this.pointsOf(one))]
  }

  #find(example: PointExample): RowRef {
    const id = wordsOfId(example.id)
    const { partitions } = example
    const found =
      partitions === undefined
        ? (findInView(this.#view, id) ?? findInView(this.#whole, id))
        : findInPartitions(this.#whole, partitions, id)
    if (found === undefined) throw pointMissing(example)
    return found
  }

  #input(example: Example, using: string): VectorInput {
    if (!isPointExample(example)) return example
    const name = example.vector ?? using
    // What is stored is also a form in which vectors are given.
    if (example.from !== undefined) return this.#foreign.get(example)!
    paramsOf(this.#view, name)
    const vector = vectorAt(this.#find(example), this.#view.config.vectors, name)
    if (vector === undefined) throw vectorMissing(example, name)
    return vector
  }
}

function pointMissing({ id }: PointExample): DatabaseError {
  return new DatabaseError('point-not-found', `Cannot search by point ${String(id)}: it does not exist`, {
    id,
  })
}

function vectorMissing({ id }: PointExample, name: string): DatabaseError {
  const text = `Cannot search by point ${String(id)}: it has no vector "${name}"`
  return new DatabaseError('point-not-found', text, { id, vector: name })
}

function vectorUnknown(name: string): DatabaseError {
  const text = `Cannot read vector "${name}" of an example: its collection has no such vector`
  return new DatabaseError('vector-unknown', text, { name })
}
