import { DatabaseError, type Snapshot } from '../../../src/index.ts'
import type { ExpectedState, Possibility } from '../expected-state.ts'
import { done, ok, same, tags, type Draw, type Operation } from './draw.ts'

export function takeSnapshot(draw: Draw): Operation | undefined {
  const name = draw.around.newName('s')
  const kind = draw.int(6)
  if (kind === 0) return takeCut(draw, name)
  if (kind < 3) {
    return {
      text: `snapshot ${name} of the store`,
      send: async () => ({ text: ok, seq: (await draw.db.createSnapshot({ name })).info().seq }),
      possibilities: (state) => [
        done(state, (next) => next.takeSnapshot(name, [...next.collections.keys()], true)),
      ],
    }
  }
  const found = draw.collection()
  if (found === undefined) return undefined
  const target = { name: found.name, id: found.id }
  return {
    text: `snapshot ${name} of ${found.name}`,
    send: async () => ({ text: ok, seq: (await found.createSnapshot({ name })).info().seq }),
    possibilities: (state) =>
      state.find(target) === undefined
        ? [same(state, 'collection-not-found')]
        : [done(state, (next) => next.takeSnapshot(name, [target.name], true))],
  }
}

/** Of several collections, by name. */
function takeCut(draw: Draw, name: string): Operation | undefined {
  const chosen = draw.db.listCollections().filter(() => draw.int(3) > 0)
  if (chosen.length < 2) return undefined
  const targets = chosen.map(({ name: one, id }) => ({ name: one, id }))
  const collections = targets.map((target) => target.name)
  return {
    text: `snapshot ${name} of ${collections.join(', ')}`,
    send: async () => ({
      text: ok,
      seq: (await draw.db.createSnapshot({ name, collections })).info().seq,
    }),
    possibilities: (state) =>
      targets.some((target) => state.find(target) === undefined)
        ? [same(state, 'collection-not-found')]
        : [done(state, (next) => next.takeSnapshot(name, collections, true))],
  }
}

export function deleteSnapshot(draw: Draw): Operation | undefined {
  const snapshot = draw.snapshot()
  if (snapshot === undefined) return undefined
  const { name } = snapshot
  return {
    text: `delete snapshot ${name}`,
    send: async () => ({ text: `${ok} ${await snapshot.delete()}` }),
    possibilities: (state) => {
      const held = state.snapshots.get(name)
      if (held === undefined) return [same(state, `${ok} false`)]
      if (held.holds > 0) return [same(state, 'snapshot-held')]
      return [done(state, (next) => void next.snapshots.delete(name), `${ok} true`)]
    },
  }
}

/** Labels it, holds it or lets it go. */
export function noteSnapshot(draw: Draw): Operation | undefined {
  const snapshot = draw.snapshot()
  if (snapshot === undefined) return undefined
  const { name } = snapshot
  const hold = draw.pick(snapshot.info().holds)
  const change = (
    text: string,
    send: () => Promise<unknown>,
    possible: (state: ExpectedState, holds: number) => readonly Possibility[],
  ): Operation => ({
    text: `${text} ${name}`,
    send: async () => {
      await send()
      return { text: ok }
    },
    possibilities: (state) => {
      const held = state.snapshots.get(name)
      return held === undefined ? [same(state, 'snapshot-not-found')] : possible(state, held.holds)
    },
  })
  const label = draw.pick(tags)!
  if (draw.int(3) === 0) {
    return change(
      `label ${label}`,
      () => snapshot.update({ labels: { tag: label } }),
      (state) => [done(state, (next) => next.note(name, { label }))],
    )
  }
  if (hold === undefined) {
    return change(
      'hold',
      () => snapshot.hold({ reason: 'the simulation says so' }),
      (state, holds) => [done(state, (next) => next.note(name, { holds: holds + 1 }))],
    )
  }
  return change(
    'release',
    () => snapshot.releaseHold(hold.id),
    // Another one may have released the same hold.
    (state, holds) => [
      same(state, 'hold-not-found'),
      ...(holds > 0 ? [done(state, (next) => next.note(name, { holds: holds - 1 }))] : []),
    ],
  )
}

export function verifySnapshot(draw: Draw): Operation | undefined {
  const snapshot = draw.snapshot()
  if (snapshot === undefined) return undefined
  return {
    text: `verify ${snapshot.name}`,
    send: async () => {
      await verified(snapshot)
      return { text: ok }
    },
    possibilities: (state) => [
      ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
      same(state, ok),
    ],
  }
}

/** @throws database-closed if closing the database has stopped it; what is wrong otherwise */
async function verified(snapshot: Snapshot): Promise<void> {
  const { ok: isWell, problems, resumeFrom } = await snapshot.verify()
  if (isWell) return
  if (problems.length === 0 && resumeFrom !== undefined)
    throw new DatabaseError('database-closed', `Cannot go on verifying ${snapshot.name}`)
  const text = problems.map(({ file, why }) => `${file}: ${why}`).join('; ')
  const isUnread = problems.every(({ why }) => why.startsWith('unreadable'))
  throw new DatabaseError(isUnread ? 'read-failed' : 'segment-corrupt', text)
}
