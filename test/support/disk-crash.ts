import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { DiskImage, SimulatedFile, type DirectoryImage, type FileImage } from './disk-image.ts'
import type { ContentChange, Mutation, Place } from './disk-journal.ts'

export const sectorBytes = 512

/**
 * How a crash treats what was not synced.
 *   - `all`: everything written survives, as after `kill -9`;
 *   - `synced`: nothing does, the least that power loss may leave;
 *   - `torn`: each unsynced write survives whole, not at all or in some of its sectors, and each unsynced change of
 *     a directory survives or not, by the seed. `inOrder` keeps only beginnings of a directory's unsynced changes,
 *     as file systems with a journal do; by default the seed decides that too.
 */
export type CrashVariant = 'all' | 'synced' | { readonly torn: number; readonly inOrder?: boolean }

/** One directory's part of a mutation. */
interface EntryChange {
  readonly directory: number
  readonly mutation: Mutation
  readonly remove: string | undefined
  readonly set: { readonly name: string; readonly node: number } | undefined
  /** The change in another directory without which this one cannot be: a rename never loses both names. */
  readonly needs: EntryChange | undefined
}

interface FileHistory {
  readonly createdAt: number
  readonly base: readonly ContentChange[]
  readonly changes: ContentChange[]
  /** How many of the changes were synced. */
  synced: number
}

interface DirectoryHistory {
  readonly base: ReadonlyMap<string, number>
  readonly changes: EntryChange[]
  synced: number
}

/** What power loss after the mutations may leave of a disk that began as `base`. */
export function crashImage(
  base: DiskImage,
  journal: readonly Mutation[],
  variant: Exclude<CrashVariant, 'all'>,
): DiskImage {
  const { files, directories, nextNode } = historyOf(base, journal)
  const random = variant === 'synced' ? undefined : seededRandom(variant.torn)
  const inOrder = variant !== 'synced' && (variant.inOrder ?? random!.next() < 0.5)
  const surviving = survivingEntryChanges(directories, random, inOrder)
  const nodes = new Map<number, FileImage | DirectoryImage>(base.nodes)
  for (const [node, history] of directories) {
    const entries = new Map(history.base)
    for (const change of history.changes) {
      if (!surviving.has(change)) continue
      if (change.remove !== undefined) entries.delete(change.remove)
      if (change.set !== undefined) entries.set(change.set.name, change.set.node)
    }
    nodes.set(node, { kind: 'directory', entries })
  }
  for (const [node, { createdAt, base: before, changes, synced }] of files) {
    const durable = [...before, ...changes.slice(0, synced)]
    const rest = changes.slice(synced)
    const kept = random === undefined || rest.length === 0 ? [] : tornChanges(durable, rest, random)
    nodes.set(node, { kind: 'file', createdAt, changes: [...durable, ...kept] })
  }
  return new DiskImage(nodes, nextNode)
}

function historyOf(base: DiskImage, journal: readonly Mutation[]) {
  const files = new Map<number, FileHistory>()
  const directories = new Map<number, DirectoryHistory>()
  let nextNode = base.nextNode
  const fileOf = (node: number): FileHistory => {
    const image = base.nodes.get(node)
    if (!files.has(node) && image?.kind === 'file') {
      files.set(node, { createdAt: image.createdAt, base: image.changes, changes: [], synced: 0 })
    }
    return files.get(node)!
  }
  const directoryOf = (node: number): DirectoryHistory => {
    const image = base.nodes.get(node)
    if (!directories.has(node) && image?.kind === 'directory') {
      directories.set(node, { base: image.entries, changes: [], synced: 0 })
    }
    return directories.get(node)!
  }
  for (const mutation of journal) {
    for (const change of entryChangesOf(mutation)) directoryOf(change.directory).changes.push(change)
    if ('node' in mutation) nextNode = Math.max(nextNode, mutation.node + 1)
    switch (mutation.kind) {
      case 'create':
        files.set(mutation.node, { createdAt: mutation.createdAt, base: [], changes: [], synced: 0 })
        break
      case 'make-directory':
        directories.set(mutation.node, { base: new Map(), changes: [], synced: 0 })
        break
      case 'write':
      case 'truncate':
        fileOf(mutation.node).changes.push(mutation)
        break
      case 'sync-file':
        fileOf(mutation.node).synced = fileOf(mutation.node).changes.length
        break
      case 'sync-directory':
        directoryOf(mutation.node).synced = directoryOf(mutation.node).changes.length
        break
      case 'remove':
      case 'rename':
        break
    }
  }
  return { files, directories, nextNode }
}

function entryChangesOf(mutation: Mutation): EntryChange[] {
  const change = (
    { directory }: Place,
    remove: string | undefined,
    set: EntryChange['set'],
    needs?: EntryChange,
  ): EntryChange => ({ directory, mutation, remove, set, needs })
  switch (mutation.kind) {
    case 'create':
    case 'make-directory':
      return [change(mutation, undefined, mutation)]
    case 'remove':
      return [change(mutation, mutation.name, undefined)]
    case 'rename': {
      const { from, target, node } = mutation
      const set = { name: target.name, node }
      if (from.directory === target.directory) return [change(from, from.name, set)]
      const arrival = change(target, undefined, set)
      return [arrival, change(from, from.name, undefined, arrival)]
    }
    default:
      return []
  }
}

function survivingEntryChanges(
  directories: ReadonlyMap<number, DirectoryHistory>,
  random: Random | undefined,
  inOrder: boolean,
): ReadonlySet<EntryChange> {
  const surviving = new Set<EntryChange>()
  for (const { changes, synced } of directories.values()) {
    const unsynced = changes.length - synced
    const beginning =
      random === undefined || !inOrder ? synced : synced + Math.floor(random.next() * (unsynced + 1))
    changes.forEach((change, index) => {
      if (index < beginning || (random !== undefined && !inOrder && random.next() < 0.5))
        surviving.add(change)
    })
  }
  for (const change of surviving) {
    if (change.needs !== undefined && !surviving.has(change.needs)) surviving.delete(change)
  }
  return surviving
}

/** What survives of unsynced changes: sectors are the unit, and the length may have arrived before the data. */
function tornChanges(
  durable: readonly ContentChange[],
  changes: readonly ContentChange[],
  random: Random,
): ContentChange[] {
  const kept: ContentChange[] = []
  for (const change of changes) {
    const fate = random.next()
    if (fate < 0.3) kept.push(change)
    else if (fate < 0.75 && change.kind === 'write') kept.push(...someSectors(change, random))
  }
  const sizeAfter = (rest: readonly ContentChange[]): number =>
    new SimulatedFile({ kind: 'file', changes: [...durable, ...rest], createdAt: 0 }).size
  const missing = sizeAfter(changes) - sizeAfter(kept)
  if (missing <= 0 || random.next() < 0.5) return kept
  // The new length was recorded, whole or in part, and the blocks behind it were never written.
  const added = random.next() < 0.5 ? missing : Math.floor(random.next() * missing)
  return [...kept, { kind: 'truncate', bytes: sizeAfter(kept) + added }]
}

function someSectors(write: ContentChange & { kind: 'write' }, random: Random): ContentChange[] {
  const kept: ContentChange[] = []
  const end = write.offset + write.bytes.length
  const chance = random.next()
  for (let at = write.offset; at < end;) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes)
    if (random.next() < chance) {
      kept.push({
        kind: 'write',
        offset: at,
        bytes: write.bytes.subarray(at - write.offset, next - write.offset),
      })
    }
    at = next
  }
  return kept
}
