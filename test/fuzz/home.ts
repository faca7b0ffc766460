import { inspectArchive, open, type Database } from '../../src/index.ts'
import { bytesInMemory } from '../../src/snapshot/archive/archive-bytes.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import type { Sample } from './samples.ts'

/** What must be as it was when an archive was refused. */
export interface HomeState {
  readonly paths: readonly string[]
  readonly seq: number
  readonly content: readonly string[]
  readonly aliases: string
}

/** The collection whose shards are replaced; the others stay as they are, whatever comes. */
export const shardTarget = 'target'
export const living = 'living'

/** The same seed twice in one store would give it the same UUIDs twice. */
const freshSeed = 1_000_000

/** A store with collections of its own, into which strangers' archives are restored. */
export class Home {
  readonly disk: SimulatedDisk
  #db: Database

  private constructor(disk: SimulatedDisk, db: Database) {
    this.disk = disk
    this.#db = db
  }

  get db(): Database {
    return this.#db
  }

  /** The store's disk as every home begins. */
  static async template(shard: Sample): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk()
    const db = await openQuietly(open, disk, 2)
    const collection = await db.createCollection(living, { vectors: { '': { size: 2, distance: 'Dot' } } })
    await collection.upsert([1, 2, 3].map((id) => ({ id, vectors: { '': [id, 1] }, payload: { n: id } })))
    await db.updateAliases([{ kind: 'create', alias: 'alive', collection: living }])
    // An archive of one shard is welcome as a collection's shard only.
    await restoreShardSample(db, shard)
    await db.flush()
    await db.collectGarbage()
    await db.close()
    return disk.stateAt(disk.journal.length, 'synced')
  }

  static async open(template: SimulatedDisk, seed: number): Promise<Home> {
    const disk = template.stateAt(template.journal.length, 'synced')
    return new Home(disk, await openQuietly(open, disk, freshSeed + seed))
  }

  async reopen(seed: number): Promise<void> {
    await this.#db.close()
    this.#db = await openQuietly(open, this.disk, freshSeed + seed)
  }

  async state(): Promise<HomeState> {
    const content: string[] = []
    for (const collection of this.#db.listCollections())
      content.push(`${collection.name} ${collection.id} ${await collection.contentHash()}`)
    return {
      paths: this.disk.paths(),
      seq: this.#db.stats().appliedSeq,
      content,
      aliases: JSON.stringify(this.#db.listAliases()),
    }
  }
}

/** A collection into which the archive of a shard fits. */
async function restoreShardSample(db: Database, { bytes }: Sample): Promise<void> {
  const { content } = await inspectArchive(bytesInMemory(bytes))
  const { vectors, payloadIndexes } = content!.collections[0]!.config
  const collection = await db.createCollection(shardTarget, {
    vectors,
    shardNumber: 2,
    ...(payloadIndexes === undefined ? {} : { payloadIndexes }),
  })
  await collection.upsert([1, 2, 3, 4].map((id) => ({ id, payload: { n: id } })))
}
