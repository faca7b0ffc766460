import { ModelCollection } from '../../support/model.ts'
import { aliasNames, collectionNames, done, ok, same, taken, type Draw, type Operation } from './draw.ts'
import { writeTo } from './points.ts'

export function createCollection(draw: Draw): Operation | undefined {
  const name = draw.pick(collectionNames.slice(0, 3))!
  // Names that are taken are tried too, but not most of the time.
  if (draw.db.findCollection(name) !== undefined && draw.int(6) > 0) return undefined
  const shardNumber = 1 + draw.int(2)
  const hasIndex = draw.int(2) === 0
  return {
    text: `create ${name} with ${shardNumber} shards`,
    send: async () => {
      const made = await draw.db.createCollection(name, {
        vectors: {
          '': { size: 3, distance: 'Dot' },
          side: { size: 2, distance: 'Euclid' },
          words: { kind: 'sparse', size: 0, distance: 'Dot' },
        },
        shardNumber,
        ...(hasIndex ? { payloadIndexes: { n: { type: 'integer' as const } } } : {}),
      })
      return { text: ok, collectionId: made.id }
    },
    possibilities: (state, answer) =>
      taken(state, name) ?? [
        done(state, (next) => next.put(name, new ModelCollection(shardNumber, 0), answer?.collectionId)),
      ],
  }
}

export function dropCollection(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  const { name } = found
  return {
    text: `drop ${name}`,
    send: async () => ({ text: `${ok} ${await draw.db.dropCollection(name)}` }),
    possibilities: (state) =>
      state.collections.has(name)
        ? [done(state, (next) => next.drop(name), `${ok} true`)]
        : [same(state, `${ok} false`)],
  }
}

export function changeIndex(draw: Draw): Operation | undefined {
  const found = draw.collection()
  if (found === undefined) return undefined
  const drops = draw.int(2) === 0
  const operation = writeTo(
    found,
    drops ? 'drop the index of n' : 'create an index of n',
    () => (drops ? found.dropPayloadIndex('n') : found.createPayloadIndex('n', { type: 'integer' })),
    () => undefined,
  )
  // The number that it gives is of the last record that was applied, not always its own.
  return { ...operation, send: async () => ({ text: (await operation.send()).text }) }
}

export function changeAlias(draw: Draw): Operation | undefined {
  const alias = draw.pick(aliasNames)!
  if (draw.int(3) === 0) {
    return {
      text: `delete alias ${alias}`,
      send: async () => {
        await draw.db.updateAliases([{ kind: 'delete', alias }])
        return { text: ok }
      },
      possibilities: (state) => [done(state, (next) => void next.aliases.delete(alias))],
    }
  }
  const collection = draw.pick(collectionNames)!
  if (draw.db.findCollection(collection) === undefined && draw.int(8) > 0) return undefined
  return {
    text: `alias ${alias} -> ${collection}`,
    send: async () => {
      await draw.db.updateAliases([{ kind: 'create', alias, collection }])
      return { text: ok }
    },
    possibilities: (state) => {
      if (!state.collections.has(collection)) return [same(state, 'collection-not-found')]
      if (state.collections.has(alias)) return [same(state, 'collection-exists')]
      return [done(state, (next) => void next.aliases.set(alias, collection))]
    },
  }
}

export function changeRetention(draw: Draw): Operation | undefined {
  const keeps = draw.db.retention().windowMs === 0
  if (!keeps && draw.int(4) > 0) return undefined
  return {
    text: keeps ? 'keep every moment' : 'keep no moments',
    send: async () => {
      // Ten years: it ends only if the clock says so.
      await draw.db.setRetention({ windowMs: keeps ? 10 * 365 * 86_400_000 : 0 })
      return { text: ok }
    },
    possibilities: (state) => [done(state, (next) => next.keepMoments(keeps))],
  }
}
