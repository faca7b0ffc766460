import type { Collection, Filter, PointSelector } from '../../../src/index.ts'
import type { ModelCollection, ModelPayload, ModelPoint, ModelVector } from '../../support/model.ts'
import { done, ok, same, tags, type Draw, type Operation } from './draw.ts'

const ids: readonly (number | bigint | string)[] = [
  ...Array.from({ length: 10 }, (_, i) => i),
  2n ** 64n - 1n,
  'c0ffee00-1111-4222-8333-444455556666',
]
export function upsertPoints(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  const points = Array.from({ length: 1 + draw.int(6) }, () => drawPoint(draw))
  return writeTo(
    found,
    `upsert ${points.map(({ id }) => String(id)).join(',')}`,
    () => found.upsert(points),
    (collection) => points.forEach((point) => collection.set(point)),
  )
}

export function deletePoints(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  const { selector, matches, text } = drawSelector(draw)
  return writeTo(
    found,
    `delete ${text}`,
    () => found.delete(selector),
    (collection) => {
      for (const point of [...collection.points.values()]) if (matches(point)) collection.delete(point.id)
    },
  )
}

export function changePayload(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  const { selector, matches, text } = drawSelector(draw)
  const patch = drawPayload(draw)
  const kind = draw.pick(['set', 'overwrite', 'delete', 'clear'] as const)!
  const edit = (old: ModelPayload): ModelPayload => {
    if (kind === 'set') return { ...old, ...patch }
    if (kind === 'overwrite') return patch
    if (kind === 'clear') return {}
    const { tag: _gone, ...rest } = old
    return rest
  }
  const send = {
    set: () => found.setPayload(selector, patch),
    overwrite: () => found.overwritePayload(selector, patch),
    clear: () => found.clearPayload(selector),
    delete: () => found.deletePayload(selector, ['tag']),
  }
  return writeTo(found, `${kind} payload where ${text}`, send[kind], (collection) => {
    for (const point of [...collection.points.values()]) {
      if (matches(point)) collection.set({ ...point, payload: edit(point.payload) })
    }
  })
}

export function changeVectors(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  if (draw.int(2) === 0) {
    const { selector, matches, text } = drawSelector(draw)
    return writeTo(
      found,
      `delete vector side where ${text}`,
      () => found.deleteVectors(selector, ['side']),
      (collection) => {
        for (const point of [...collection.points.values()]) {
          if (!matches(point)) continue
          const { side: _gone, ...vectors } = point.vectors
          collection.set({ ...point, vectors })
        }
      },
    )
  }
  const id = draw.pick(ids)!
  const vectors = { side: drawVector(draw, 2) }
  return writeTo(
    found,
    `update vector side of ${String(id)}`,
    () => found.updateVectors([{ id, vectors }]),
    (collection) => {
      const old = collection.points.get(String(id))
      if (old !== undefined) collection.set({ ...old, vectors: { ...old.vectors, ...vectors } })
    },
  )
}

/** A write to one collection: it happens if the collection is still there. */
export function writeTo(
  found: Collection,
  text: string,
  send: () => Promise<{ readonly seq: number }>,
  change: (collection: ModelCollection) => void,
): Operation {
  const target = { name: found.name, id: found.id }
  return {
    text: `${text} in ${found.name}`,
    send: async () => ({ text: ok, seq: (await send()).seq }),
    possibilities: (state) =>
      state.find(target) === undefined
        ? [same(state, 'collection-not-found')]
        : [done(state, (next) => next.edit(target.name, change))],
  }
}

/** A selector for the engine, and what it means for the model. */
function drawSelector(draw: Draw): {
  selector: PointSelector
  matches: (point: ModelPoint) => boolean
  text: string
} {
  if (draw.int(3) > 0) {
    const chosen = Array.from({ length: 1 + draw.int(4) }, () => draw.pick(ids)!)
    const keys = new Set(chosen.map(String))
    return {
      selector: { ids: chosen },
      matches: ({ id }) => keys.has(String(id)),
      text: `ids ${[...keys].join(',')}`,
    }
  }
  if (draw.int(2) === 0) {
    const value = draw.int(6)
    const filter: Filter = { must: [{ kind: 'field', path: 'n', match: { value } }] }
    return { selector: { filter }, matches: ({ payload }) => payload['n'] === value, text: `n = ${value}` }
  }
  const tag = draw.pick(tags)!
  const filter: Filter = { mustNot: [{ kind: 'field', path: 'tag', match: { value: tag } }] }
  return { selector: { filter }, matches: ({ payload }) => payload['tag'] !== tag, text: `tag != ${tag}` }
}

function drawPoint(draw: Draw): ModelPoint {
  const vectors: Record<string, ModelVector> = {}
  if (draw.int(8) > 0) vectors[''] = drawVector(draw, 3)
  if (draw.int(2) > 0) vectors['side'] = drawVector(draw, 2)
  if (draw.int(3) === 0) {
    const indices = [2, 3, 70_000].filter(() => draw.int(2) === 0)
    vectors['words'] = { indices, values: drawVector(draw, indices.length) }
  }
  return { id: draw.pick(ids)!, payload: drawPayload(draw), vectors }
}

function drawVector(draw: Draw, size: number): number[] {
  return Array.from({ length: size }, () => Math.fround(draw.int(64) / 8 - 4))
}

function drawPayload(draw: Draw): ModelPayload {
  const payload: ModelPayload = {}
  if (draw.int(4) > 0) payload['n'] = draw.int(6)
  if (draw.int(3) > 0) payload['tag'] = draw.pick(tags)!
  if (draw.int(4) === 0) payload['deep'] = { list: [1, 'two', null], text: 'ünï' }
  // Longer than a sector: power loss may keep the ends of its record and lose the middle.
  if (draw.int(10) === 0) payload['long'] = 'word '.repeat(100 + draw.int(400))
  return payload
}
