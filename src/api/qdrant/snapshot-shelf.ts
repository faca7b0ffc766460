import { DatabaseError, type Snapshot, type SnapshotOptions } from '../../index.ts'
import type { Door } from './door.ts'
import { notFound, snapshotMissing } from './failures.ts'
import { peerIdOf } from './peer-id.ts'
import {
  collectionSnapshotName,
  creationTime,
  fullSnapshotName,
  shardSnapshotName,
} from './snapshot-names.ts'

export interface SnapshotDescription {
  readonly name: string
  readonly creation_time: string
  readonly size: number
  readonly checksum?: string
}

/** A snapshot's archive, wherever it comes from. Close it when its bytes have been read. */
export interface OpenSnapshot {
  readonly name: string
  readonly bytes: number
  readonly createdAt: number
  stream(range?: { readonly offset?: number; readonly length?: number }): AsyncIterable<Uint8Array>
  close(): void
}

/** What the archive of a snapshot is known to be: it never changes. */
interface ArchiveFacts {
  readonly bytes: number
  readonly sha256: string | undefined
}

/** Neither sealed nor hashed, as asked for: the size is not known before the flush. */
const unsealed: ArchiveFacts = { bytes: 0, sha256: undefined }

/** Whose snapshots a shelf holds: a collection's, or one of its shards'; without a collection the full ones. */
export interface ShelfOf {
  readonly collection?: string
  readonly shard?: number
}

/** What a shelf takes snapshots of: the collection, the shard or the database that it is of. */
export interface SnapshotSource {
  createSnapshot(options: SnapshotOptions): Promise<Snapshot>
}

/** The snapshots of one collection, of one shard, or full ones: what the engine holds and the files that lie in the folder, as one list. */
export class SnapshotShelf {
  readonly #door: Door
  /** `''` for full snapshots. */
  readonly #collection: string
  readonly #shard: number | undefined
  /** Below the folder of archives. */
  readonly #directory: string
  readonly #facts: Map<string, ArchiveFacts>
  readonly #pending: Set<string>
  readonly #lastTimes: Map<string, number>

  constructor(door: Door, { collection = '', shard }: ShelfOf) {
    this.#door = door
    this.#collection = collection
    this.#shard = shard
    this.#directory = shard === undefined ? collection : `${collection}/shards/${shard}`
    this.#facts = door.shelves.facts
    this.#pending = door.shelves.pending
    this.#lastTimes = door.shelves.lastTimes
  }

  /** In files mode the archive is written in one pass, beside its checksum. `checksum: false` is for virtual archives only. */
  async create(source: SnapshotSource, withChecksum: boolean): Promise<SnapshotDescription> {
    const isVirtual = this.#door.archivesMode === 'virtual'
    const name = await this.#reserveName(isVirtual)
    try {
      // The snapshot's moment: before anything is flushed, read or hashed.
      const snapshot = await source.createSnapshot({ name, labels: { door: 'qdrant' } })
      try {
        return await this.#finish(snapshot, isVirtual, withChecksum)
      } catch (error) {
        // Reported as failed, so it must not stay.
        await snapshot.delete()
        throw error
      }
    } finally {
      this.#pending.delete(this.#key(name))
    }
  }

  async list(): Promise<SnapshotDescription[]> {
    const files = await this.#door.archives.list(this.#directory)
    const descriptions = files.map(({ name, createdAt, bytes, sha256 }) =>
      describe(name, createdAt, { bytes, sha256 }),
    )
    const listed = new Set(files.map((file) => file.name))
    for (const snapshot of this.#engineSnapshots()) {
      if (listed.has(snapshot.name) || this.#pending.has(this.#key(snapshot.name))) continue
      const facts = await this.#factsOf(snapshot)
      if (facts !== undefined) descriptions.push(describe(snapshot.name, snapshot.info().createdAt, facts))
    }
    return descriptions
  }

  /** Where a file of this name lies, or would lie. */
  pathOf(name: string): string {
    return `${this.#door.snapshotsPath}/${this.#directory}/${name}`
  }

  /** @throws WireError 404 */
  async open(name: string): Promise<OpenSnapshot> {
    await this.#checkDirectory()
    const found = await this.find(name)
    if (found === undefined) throw snapshotMissing(name)
    return found
  }

  async find(name: string): Promise<OpenSnapshot | undefined> {
    const file = await this.#door.archives.find(this.#directory, name)
    if (file !== undefined) {
      const { bytes, createdAt } = file
      return { name, bytes, createdAt, stream: (range) => file.stream(range), close: () => undefined }
    }
    const snapshot = this.#pending.has(this.#key(name)) ? undefined : this.#engineSnapshot(name)
    if (snapshot === undefined) return undefined
    const archive = await snapshot.archive()
    return {
      name,
      bytes: archive.bytes,
      createdAt: snapshot.info().createdAt,
      stream: (range) => archive.stream(range),
      close: () => archive.close(),
    }
  }

  /** Removes the file and the engine's snapshot of that name. @throws WireError 404 if there is neither */
  async delete(name: string): Promise<void> {
    await this.#checkDirectory()
    if (!(await this.remove(name))) throw snapshotMissing(name)
  }

  /** False if there is neither. */
  async remove(name: string): Promise<boolean> {
    const hadFile = await this.#door.archives.delete(this.#directory, name)
    const snapshot = this.#engineSnapshot(name)
    const hadSnapshot = (await snapshot?.delete()) ?? false
    return hadFile || hadSnapshot
  }

  async #finish(snapshot: Snapshot, isVirtual: boolean, withChecksum: boolean): Promise<SnapshotDescription> {
    const { createdAt } = snapshot.info()
    if (isVirtual && !withChecksum) return describe(snapshot.name, createdAt, unsealed)
    const archive = await snapshot.archive()
    try {
      const facts = isVirtual
        ? { bytes: archive.bytes, sha256: await archive.sha256() }
        : await this.#door.archives.publish(this.#directory, snapshot.name, archive.stream())
      this.#facts.set(snapshot.id, facts)
      const file = isVirtual ? undefined : await this.#door.archives.find(this.#directory, snapshot.name)
      return describe(snapshot.name, file?.createdAt ?? createdAt, facts)
    } finally {
      archive.close()
    }
  }

  /** Seals: one flush for all snapshots since the last one, and none after that. Undefined if it has been deleted. */
  async #factsOf(snapshot: Snapshot): Promise<ArchiveFacts | undefined> {
    const known = this.#facts.get(snapshot.id)
    if (known !== undefined) return known
    try {
      const archive = await snapshot.archive()
      const facts: ArchiveFacts = { bytes: archive.bytes, sha256: undefined }
      archive.close()
      this.#facts.set(snapshot.id, facts)
      return facts
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'snapshot-not-found') return undefined
      throw error
    }
  }

  /** Also those of a dropped collection of this name: a snapshot outlives what it was taken of. */
  #engineSnapshots(): readonly Snapshot[] {
    return this.#door.database.listSnapshotsFrom(this.#collection, this.#shard)
  }

  #engineSnapshot(name: string): Snapshot | undefined {
    return this.#door.database.findSnapshotFrom(this.#collection, name, this.#shard)
  }

  /** A name that nothing has, pending until the caller takes it out. Names have seconds, snapshots may come faster. */
  async #reserveName(isVirtual: boolean): Promise<string> {
    const { archives, clock } = this.#door
    for (;;) {
      const time = Math.max(clock.now(), (this.#lastTimes.get(this.#directory) ?? 0) + 1_000)
      this.#lastTimes.set(this.#directory, time)
      const name = this.#nameAt(time)
      if (this.#engineSnapshot(name) !== undefined || this.#pending.has(this.#key(name))) continue
      this.#pending.add(this.#key(name))
      if (isVirtual || (await archives.find(this.#directory, name)) === undefined) return name
      this.#pending.delete(this.#key(name))
    }
  }

  async #checkDirectory(): Promise<void> {
    if (this.#collection === '' || this.#engineSnapshots().length > 0) return
    if (await this.#door.archives.directoryExists(this.#directory)) return
    throw notFound(`Snapshot directory: ${this.#door.snapshotsPath}/${this.#directory} not found`)
  }

  #nameAt(timeMs: number): string {
    if (this.#collection === '') return fullSnapshotName(timeMs)
    if (this.#shard !== undefined) return shardSnapshotName(this.#collection, this.#shard, timeMs)
    return collectionSnapshotName(this.#collection, peerIdOf(this.#door.database.id), timeMs)
  }

  #key(name: string): string {
    return `${this.#directory}/${name}`
  }
}

/** What the shelves of one server share. */
export interface ShelfMemory {
  readonly facts: Map<string, ArchiveFacts>
  readonly pending: Set<string>
  /** The time in the last name given, by directory. */
  readonly lastTimes: Map<string, number>
}

function describe(
  name: string,
  createdAt: number,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256?: string | undefined },
): SnapshotDescription {
  const description = { name, creation_time: creationTime(createdAt), size: bytes }
  return sha256 === undefined ? description : { ...description, checksum: sha256 }
}
