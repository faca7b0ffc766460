import type { ExpectedState, Possibility, Target } from '../expected-state.ts'
import { collectionNames, done, ok, same, taken, type Draw, type Operation } from './draw.ts'

export function cloneSnapshot(draw: Draw): Operation | undefined {
  const source = draw.source()
  if (source === undefined) return undefined
  const as = draw.pick(collectionNames)!
  if (draw.db.findCollection(as) !== undefined && draw.int(6) > 0) return undefined
  const { snapshot, collection } = source
  return {
    text: `clone ${collection}@${snapshot.name} as ${as}`,
    send: async () => {
      const made = await draw.db.restore(snapshot, { collection, as })
      return { text: ok, collectionId: made.id }
    },
    possibilities: (state, answer) => {
      const held = state.snapshots.get(snapshot.name)?.collections.get(collection)
      const missing = held === undefined ? [same(state, 'snapshot-not-found')] : []
      const refused = taken(state, as)
      if (refused !== undefined || held === undefined) return [...missing, ...(refused ?? [])]
      return [done(state, (next) => next.put(as, held, answer?.collectionId))]
    },
  }
}

export function cloneLive(draw: Draw): Operation | undefined {
  const found = draw.collection()
  const as = draw.pick(collectionNames)!
  if (found === undefined || (draw.db.findCollection(as) !== undefined && draw.int(6) > 0)) return undefined
  const target = { name: found.name, id: found.id }
  return {
    text: `clone ${found.name} as ${as}`,
    send: async () => ({ text: ok, collectionId: (await draw.db.clone(found.name, as)).id }),
    possibilities: (state, answer) => {
      const source = state.find(target)
      const missing = source === undefined ? [same(state, 'collection-not-found')] : []
      const refused = taken(state, as)
      if (refused !== undefined || source === undefined) return [...missing, ...(refused ?? [])]
      return [done(state, (next) => next.put(as, source, answer?.collectionId))]
    },
  }
}

export function rollBack(draw: Draw): Operation | undefined {
  const source = draw.source()
  const found = draw.collection()
  if (source === undefined || found === undefined) return undefined
  const { snapshot, collection } = source
  const target: Target = { name: found.name, id: found.id }
  const undoName = draw.around.newName('undo')
  return {
    text: `roll ${found.name} back to ${collection}@${snapshot.name}, undo ${undoName}`,
    send: async () => {
      const undo = await found.rollback(snapshot, { collection, undoName })
      return { text: ok, seq: undo.info().seq }
    },
    possibilities: (state) => {
      const held = state.snapshots.get(snapshot.name)?.collections.get(collection)
      const missing = held === undefined ? [same(state, 'snapshot-not-found')] : []
      if (state.find(target) === undefined) return [...missing, same(state, 'collection-not-found')]
      if (held === undefined) return missing
      return [
        done(state, (next) => {
          next.takeSnapshot(undoName, [target.name], false)
          next.collections.set(target.name, held)
        }),
      ]
    },
  }
}

export function rollBackToMoment(draw: Draw): Operation | undefined {
  const seq = draw.pick(draw.around.moments())
  const found = draw.collection()
  if (seq === undefined || found === undefined) return undefined
  const target = { name: found.name, id: found.id }
  const undoName = draw.around.newName('undo')
  return {
    text: `roll ${found.name} back to seq ${seq}, undo ${undoName}`,
    send: async () => ({ text: ok, seq: (await found.rollback({ seq }, { undoName })).info().seq }),
    possibilities: (state) => {
      const moment = state.moments.get(seq)
      const forgotten =
        moment === undefined || draw.around.hasJumped() ? [same(state, 'moment-not-kept')] : []
      // By now, or then.
      const then =
        moment?.ids.get(target.name) === target.id ? moment.collections.get(target.name) : undefined
      if (state.find(target) === undefined || then === undefined)
        return [...forgotten, same(state, 'collection-not-found')]
      return [
        ...forgotten,
        done(state, (next) => {
          next.takeSnapshot(undoName, [target.name], false)
          next.collections.set(target.name, then)
        }),
      ]
    },
  }
}

/** Some or all collections of a snapshot, in place or under other names, all or none. */
export function restoreSeveral(draw: Draw): Operation | undefined {
  const snapshot = draw.snapshot()
  if (snapshot === undefined) return undefined
  const targets = new Map<string, { readonly into: string; readonly replaced: Target | undefined }>()
  for (const { name } of snapshot.info().collections) {
    const into = draw.int(2) === 0 ? name : draw.pick(collectionNames)!
    const replaced = draw.db.listCollections().find((one) => one.name === into)
    if (draw.int(3) > 0 && ![...targets.values()].some((target) => target.into === into))
      targets.set(name, { into, replaced: replaced && { name: into, id: replaced.id } })
  }
  if (targets.size === 0) return undefined
  const undoName = draw.around.newName('undo')
  const names = Object.fromEntries([...targets].map(([name, { into }]) => [name, into]))
  return {
    text: `restore ${JSON.stringify(names)} of ${snapshot.name}, undo ${undoName}`,
    send: async () => {
      const { undo } = await draw.db.restoreAll(snapshot, { collections: names, replace: true, undoName })
      return { text: ok, ...(undo === undefined ? {} : { seq: undo.info().seq }) }
    },
    possibilities: (state) => restored(state, snapshot.name, targets, undoName),
  }
}

/** A restore of several collections of a snapshot; those that were there when it was asked for are replaced in place. */
function restored(
  state: ExpectedState,
  snapshot: string,
  targets: ReadonlyMap<string, { readonly into: string; readonly replaced: Target | undefined }>,
  undoName: string,
): readonly Possibility[] {
  const held = state.snapshots.get(snapshot)
  const refused: Possibility[] = held === undefined ? [same(state, 'snapshot-not-found')] : []
  const replaced: string[] = []
  for (const { into, replaced: target } of targets.values()) {
    if (target === undefined) refused.push(...(taken(state, into) ?? []))
    else if (state.find(target) === undefined) refused.push(same(state, 'collection-not-found'))
    else replaced.push(into)
  }
  if (held === undefined || refused.length > 0) return refused
  if ([...targets.keys()].some((name) => !held.collections.has(name))) return []
  return [
    done(state, (next) => {
      if (replaced.length > 0) next.takeSnapshot(undoName, replaced, false)
      for (const [name, { into }] of targets) next.put(into, held.collections.get(name)!, next.ids.get(into))
    }),
  ]
}
