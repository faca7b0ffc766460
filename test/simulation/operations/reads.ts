import type { Collection, Filter } from '../../../src/index.ts'
import type { ModelCollection, ModelPoint } from '../../support/model.ts'
import { aliasNames, collectionNames, same, type Draw, type Operation } from './draw.ts'

export function readCollection(draw: Draw): Operation | undefined {
  if (draw.int(6) === 0) return readNames(draw)
  const found = draw.collection()
  if (found === undefined) return undefined
  const target = { name: found.name, id: found.id }
  const { what, ask, tell } = drawQuestion(draw)
  return {
    text: `${what} of ${found.name}`,
    send: async () => ({ text: await ask(found) }),
    possibilities: (state) => {
      const collection = state.find(target)
      return [same(state, collection === undefined ? 'collection-not-found' : tell(collection))]
    },
  }
}

function readNames(draw: Draw): Operation {
  return {
    text: 'read the names',
    send: async () => {
      const collections = draw.db.listCollections().map(({ name }) => name)
      const aliases = draw.db.listAliases().map(({ alias, collection }) => `${alias}->${collection}`)
      const snapshots = draw.db.listAllSnapshots().map(({ name }) => name)
      return { text: namesText(collections, aliases, snapshots) }
    },
    possibilities: (state) => {
      const { collections, aliases, snapshots } = state
      const targets = [...aliases].map(([alias, collection]) => `${alias}->${collection}`)
      return [same(state, namesText([...collections.keys()], targets, [...snapshots.keys()]))]
    },
  }
}

function drawQuestion(draw: Draw): {
  readonly what: string
  readonly ask: (found: Collection) => Promise<string>
  readonly tell: (collection: ModelCollection) => string
} {
  const n = draw.int(6)
  const filter: Filter = { must: [{ kind: 'field', path: 'n', range: { gte: n } }] }
  const passing = ({ points }: ModelCollection): ModelPoint[] =>
    [...points.values()].filter(({ payload }) => typeof payload['n'] === 'number' && payload['n'] >= n)
  const kind = draw.int(4)
  if (kind === 0)
    return { what: 'content', ask: (found) => found.contentHash(), tell: (collection) => collection.hash() }
  if (kind === 1) {
    return {
      what: `count with n >= ${n}`,
      ask: async (found) => String(await found.count(filter)),
      tell: (collection) => String(passing(collection).length),
    }
  }
  if (kind === 2) {
    return {
      what: 'first ids',
      ask: async (found) => (await found.scroll({ limit: 5 })).points.map(({ id }) => String(id)).join(),
      tell: (collection) =>
        collection
          .sorted()
          .slice(0, 5)
          .map(({ id }) => String(id))
          .join(),
    }
  }
  const vector = [1, -2, 0.5]
  return {
    what: `nearest with n >= ${n}`,
    ask: async (found) => (await found.query({ vector, filter, limit: 5 })).map(({ score }) => score).join(),
    tell: (collection) =>
      passing(collection)
        .flatMap(({ vectors }) => (vectors[''] === undefined ? [] : [dot(vectors[''] as number[], vector)]))
        .sort((a, b) => b - a)
        .slice(0, 5)
        .join(),
  }
}

export function readSnapshot(draw: Draw): Operation | undefined {
  const source = draw.source()
  if (source === undefined) return undefined
  const { snapshot, collection } = source
  return {
    text: `content of ${collection}@${snapshot.name}`,
    send: async () => {
      await using reader = await snapshot.collection(collection)
      return { text: await reader.contentHash() }
    },
    // What was opened may be read on after its name is gone.
    possibilities: (state) => [
      ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
      same(state, state.everHeld.get(snapshot.name)?.collections.get(collection)?.hash() ?? 'never held'),
    ],
  }
}

export function readMoment(draw: Draw): Operation | undefined {
  const seq = draw.pick(draw.around.moments())
  if (seq === undefined) return undefined
  // Not a name that may be an alias of another one.
  const name = draw.pick(collectionNames.filter((one) => !aliasNames.includes(one)))!
  return {
    text: `content of ${name}@seq:${seq}`,
    send: async () => {
      await using reader = await draw.db.openReader(`${name}@seq:${seq}`)
      return { text: await reader.contentHash() }
    },
    possibilities: (state) => {
      const moment = state.moments.get(seq)
      const forgotten = moment === undefined || draw.around.hasJumped() ? ['moment-not-kept'] : []
      const content = moment?.collections.get(name)?.hash() ?? 'collection-not-found'
      const unknown = moment === undefined ? ['collection-not-found'] : []
      return [...forgotten, ...unknown, content].map((answer) => same(state, answer))
    },
  }
}

function namesText(
  collections: readonly string[],
  aliases: readonly string[],
  snapshots: readonly string[],
): string {
  return [collections, aliases, snapshots].map((names) => [...names].sort().join(' ')).join(' | ')
}

// The model's vectors are multiples of an eighth: their products are exact in float32.
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
