import type { ExpectedState, Possibility } from '../expected-state.ts'
import { collectionNames, done, ok, same, taken, type Draw, type Operation } from './draw.ts'

/** Of one collection, under any name, over what has that name or not. */
export function importArchive(draw: Draw): Operation | undefined {
  const source = draw.source()
  if (source === undefined || source.snapshot.info().scope !== 'collection') return undefined
  const { snapshot, collection } = source
  const into = draw.pick(collectionNames)!
  const replace = draw.int(4) > 0
  return {
    text: `import the archive of ${snapshot.name} as ${into}${replace ? ', replacing' : ''}`,
    send: async () => {
      await using archive = await snapshot.archive()
      await draw.db.restoreArchive(archive.stream(), { into, replace })
      return { text: ok }
    },
    possibilities: (state) => [
      ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
      ...imported(state, snapshot.name, [[collection, into]], replace, false),
    ],
  }
}

export function importStore(draw: Draw): Operation | undefined {
  const snapshot = draw.snapshot()
  if (snapshot === undefined || snapshot.info().scope === 'collection') return undefined
  const names = snapshot.info().collections.map(({ name }) => name)
  return {
    text: `import the archive of the whole store ${snapshot.name}, replacing`,
    send: async () => {
      await using archive = await snapshot.archive()
      await draw.db.restoreStoreArchive(archive.stream(), { replace: true })
      return { text: ok }
    },
    possibilities: (state) => [
      ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
      ...imported(
        state,
        snapshot.name,
        names.map((name) => [name, name]),
        true,
        true,
      ),
    ],
  }
}

export function publishArchive(draw: Draw): Operation | undefined {
  const source = draw.source()
  if (source === undefined || source.snapshot.info().scope !== 'collection') return undefined
  const { snapshot, collection } = source
  const file = `${draw.around.newName('a')}.snapshot`
  return {
    text: `publish ${snapshot.name} as ${file}`,
    send: async () => {
      const { files } = draw.around.archives
      await using archive = await snapshot.archive()
      files.set(file, { snapshot: snapshot.name, collection, isPublished: false })
      await draw.around.folder.publish('', file, archive.stream())
      files.get(file)!.isPublished = true
      return { text: ok }
    },
    possibilities: (state) => [
      ...(state.snapshots.has(snapshot.name) ? [] : [same(state, 'snapshot-not-found')]),
      same(state, ok),
    ],
  }
}

export function importFile(draw: Draw): Operation | undefined {
  const name = draw.pick([...draw.around.archives.files.keys()])
  if (name === undefined) return undefined
  const { snapshot, collection, isPublished } = draw.around.archives.files.get(name)!
  const into = draw.pick(collectionNames)!
  const replace = draw.int(4) > 0
  return {
    text: `import the file ${name} of ${snapshot} as ${into}${replace ? ', replacing' : ''}`,
    send: async () => {
      const file = await draw.around.folder.find('', name)
      if (file === undefined) return { text: isPublished ? 'a published file is gone' : 'no file' }
      await draw.db.restoreArchive(file.stream(), {
        into,
        replace,
        ...(file.sha256 === undefined ? {} : { sha256: file.sha256 }),
      })
      return { text: ok }
    },
    possibilities: (state) => [
      ...(isPublished ? [] : [same(state, 'no file')]),
      ...imported(state, snapshot, [[collection, into]], replace, false),
    ],
  }
}

/** An import of what a snapshot held, which may be deleted by now: [name in the snapshot, name of the target]. */
function imported(
  state: ExpectedState,
  snapshot: string,
  names: readonly (readonly [string, string])[],
  replace: boolean,
  withAliases: boolean,
): readonly Possibility[] {
  const held = state.everHeld.get(snapshot)
  // Not a state that the database was in: there the snapshot holds all of them.
  if (held === undefined || names.some(([from]) => !held.collections.has(from))) return []
  const refused: Possibility[] = []
  for (const [from, into] of names) {
    const target = state.collections.get(into)
    if (target === undefined || !replace) refused.push(...(taken(state, into) ?? []))
    else if (target.shardNumber !== held.collections.get(from)!.shardNumber)
      refused.push(same(state, 'snapshot-incompatible'))
  }
  const aliases = withAliases ? [...held.aliases] : []
  if (aliases.some(([alias]) => state.collections.has(alias))) refused.push(same(state, 'alias-exists'))
  if (refused.length > 0) return refused
  return [
    done(state, (next) => {
      for (const [from, into] of names) {
        next.put(into, held.collections.get(from)!, next.ids.get(into))
      }
      for (const [alias, target] of aliases) next.aliases.set(alias, target)
    }),
  ]
}
