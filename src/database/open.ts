import type { GraphSettings } from '../collection/graph-params.ts'
import type { ReadServices } from '../collection/querying/read-services.ts'
import { SegmentRegistry } from '../collection/segment-handle.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import { createSearcher } from '../graph/search/create-searcher.ts'
import { generationOf, segmentIdOf, seqOf } from '../ids/brands.ts'
import { openLog } from '../log/file-log.ts'
import type { Log } from '../log/log.ts'
import type { Catalog } from '../manifest/format.ts'
import { readNewestCatalog } from '../manifest/reader.ts'
import { publishCatalog } from '../manifest/writer.ts'
import { sinceEpoch, systemClock, type Clock } from '../runtime/clock.ts'
import { silentLogger, type Logger } from '../runtime/logger.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { processorCount } from '../runtime/processors.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import { createLoadThreads, type LoadThreads } from '../segment/load/load-threads.ts'
import { Slices } from '../runtime/slices.ts'
import { createInlineBuilder, createWorkerBuilder, type SegmentBuilder } from '../segment/segment-builder.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import { Pins } from '../snapshot/pins.ts'
import { plainConfig, type QdrantConfig } from '../snapshot/qdrant/plain-config.ts'
import { plainFilter, type QdrantFilter } from '../snapshot/qdrant/plain-filter.ts'
import type { Disk } from '../storage/disk.ts'
import { makeDurableDirectory } from '../storage/durable-directory.ts'
import { openLocalObjectStore } from '../storage/local-object-store.ts'
import { nodeDisk } from '../storage/node-disk.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { VerifiedObjects } from '../storage/verified-objects.ts'
import { CatalogState } from './catalog-state.ts'
import { Checkpointer } from './checkpointer.ts'
import { Database } from './database.ts'
import { dropLeftoverDrills } from './checks/drill.ts'
import { Engine, type EngineLimits } from './engine.ts'
import { Jobs } from './jobs.ts'
import { CollectionLoader } from './loading/collection-loader.ts'
import { recoverCheckpoint, replayLog, type RecoveryParts, type Replayed } from './recovery.ts'
import { registerVerifyJob } from './verify-job.ts'

export interface OpenOptions {
  /** Memtable bytes over all collections at which they are flushed. Default 64 MiB. */
  readonly memtableBytesMax?: number
  /**
   * Bytes of writes that are being logged and applied; further ones wait. With `memtableBytesMax` it bounds what writing takes
   * in memory: each twice. Default 64 MiB.
   */
  readonly pendingBytesMax?: number
  /** A change is flushed at the latest after this time. Default 60 s. */
  readonly checkpointIntervalMs?: number
  /** Size at which a new log file is started. Default 64 MiB. */
  readonly logRotateBytes?: number
  /** Threads that write segments; 0 writes and reads them on the calling thread. Default 1. */
  readonly workers?: number
  /** Threads that build graphs, of one vector of one segment each; 0 builds them on the calling thread. Default 1. */
  readonly graphThreads?: number
  /** What a front door's settings say of the graphs of a vector, beyond its own `graph`. */
  readonly graphParams?: GraphSettings
  /** What becomes of the configuration of a collection in an archive of Qdrant. Default: its vectors and indexes, the rest as settings. */
  readonly qdrantConfig?: QdrantConfig
  /** What a filter in the log of an archive of Qdrant means. Default: such an archive is refused. */
  readonly qdrantFilter?: QdrantFilter
  /**
   * Threads that search. The calling one is one of them: it does what takes no longer than half a millisecond, while it has time
   * to spare, and all of that if this is 1. What takes longer is done by others, at least by one; 0: all is done on the calling
   * thread. Default: as many as there are cores.
   */
  readonly searchThreads?: number
  /** Whether flushes, merges, graphs and garbage collection start by themselves. Default true. */
  readonly background?: boolean
  /** Whether `close` flushes, so that the next start has no log to replay. Default true. */
  readonly flushOnClose?: boolean
  /**
   * Resolves when the log is replayed, though not all collections are in memory: they come in the background, the largest
   * first, and whatever needs one waits for it; what answers at once throws collection-loading. See
   * `Database.whenLoaded`. One whose files are damaged fails by itself, instead of the opening. Default false.
   */
  readonly lazy?: boolean
  /**
   * Called at most once, when threads have been given rows to load, which the opening may wait for: whoever has something to do
   * afterwards that keeps this thread busy does it now. Not called where there is little to load.
   */
  readonly onLoading?: () => void
  /** Refuses a directory that holds no database instead of making one there. Default false. */
  readonly mustExist?: boolean
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  /** For tests: the file system. */
  readonly unstable_disk?: Disk
  /** For tests: how much of a large write is applied between two pauses, in bytes, and what a pause is. */
  readonly unstable_slices?: { readonly bytes?: number; readonly pause?: () => Promise<void> }
}

const ofOpen: Members<OpenOptions> = {
  memtableBytesMax: true,
  pendingBytesMax: true,
  checkpointIntervalMs: true,
  logRotateBytes: true,
  workers: true,
  graphThreads: true,
  graphParams: true,
  qdrantConfig: true,
  qdrantFilter: true,
  searchThreads: true,
  background: true,
  flushOnClose: true,
  lazy: true,
  onLoading: true,
  mustExist: true,
  clock: true,
  random: true,
  logger: true,
  unstable_disk: true,
  unstable_slices: true,
}

// What is applied of one record between two looks at the event loop: a millisecond or two.
const appliedSliceBytes = 2 ** 20

/**
 * Opens the database in a directory, which is made if it is not there: reads the newest checkpoint, replays the log
 * behind it, and is ready.
 * @throws store-locked if a process has it open; request-invalid with `mustExist`; log-corrupt, manifest-corrupt, segment-corrupt, version-unsupported
 */
export async function open(path: string, options: OpenOptions = {}): Promise<Database> {
  checkMembers(options, ofOpen, { cannot: `Cannot open ${path}`, of: 'the options' })
  const disk = options.unstable_disk ?? nodeDisk
  if (options.mustExist === true && (await disk.list(`${path}/catalog`)).length === 0)
    throw new DatabaseError('request-invalid', `Cannot open ${path}: there is no database in it`, { path })
  const owner = `stillpoint, process ${process.pid}`
  const lock = await onDisk('write-failed', path, async () => {
    await makeDurableDirectory(disk, path)
    return disk.lock(`${path}/lock`, owner)
  })
  if ('heldBy' in lock) {
    throw new DatabaseError(
      'store-locked',
      `Cannot open ${path}: it is open in another process (${lock.heldBy})`,
      { path, owner: lock.heldBy },
    )
  }
  const workers = options.workers ?? 1
  const builders = {
    files: builderOf(workers),
    // The two files of a segment's rows and vectors at once.
    bulk: builderOf(2 * workers),
    links: builderOf(options.graphThreads ?? 1),
  }
  const loading = createLoadThreads(workers > 0 ? processorCount() : 0, { onBusy: options.onLoading })
  const slices = new Slices(options.clock ?? systemClock)
  const searcher = createSearcher(options.searchThreads ?? processorCount(), slices)
  const release = async (): Promise<void> => {
    await searcher.close()
    await builders.links.close()
    await builders.bulk.close()
    await builders.files.close()
    await loading.close()
    await lock.release()
  }
  try {
    const services = { ...builders, loading, reading: { searcher, slices } }
    const { engine, id } = await openEngine(path, disk, services, options)
    const jobs = await recoverJobs(engine)
    engine.start()
    // The caller may go on to compile modules for a second: threads work meanwhile on what they have been given by then.
    if (options.lazy === true) await loading.whenUnderWay()
    return new Database(engine, { id, disk, jobs, release, flushOnClose: options.flushOnClose ?? true })
  } catch (error) {
    await release()
    throw error
  }
}

function builderOf(threads: number): SegmentBuilder {
  return threads > 0 ? createWorkerBuilder(threads) : createInlineBuilder()
}

async function recoverJobs(engine: Engine): Promise<Jobs> {
  const jobs = new Jobs(engine)
  registerVerifyJob(engine, jobs)
  try {
    await dropLeftoverDrills(engine)
    await jobs.recover()
    return jobs
  } catch (error) {
    await engine.close(false)
    throw error
  }
}

/** What works in threads of its own. */
interface Builders {
  readonly files: SegmentBuilder
  readonly bulk: SegmentBuilder
  readonly links: SegmentBuilder
  readonly loading: LoadThreads
  readonly reading: ReadServices
}

async function openEngine(
  path: string,
  disk: Disk,
  builders: Builders,
  options: OpenOptions,
): Promise<{ engine: Engine; id: string }> {
  const clock = sinceEpoch(options.clock ?? systemClock)
  const random = options.random ?? systemRandom
  const logger = options.logger ?? silentLogger
  const store = await openLocalObjectStore({ disk, root: path, random })
  const checkpoint =
    (await readCheckpoint(path, disk, store)) ?? (await initialize(path, disk, store, random))
  const registry = new SegmentRegistry(builders.loading, options.graphParams)
  const services = { registry, newSegmentId: () => segmentIdOf(random.uuid()) }
  const catalog = new CatalogState()
  const verified = new VerifiedObjects(store)
  const segments = new SegmentWriter(store, builders.files, verified)
  const checkpointer = new Checkpointer(
    { store, catalog, segments, registry, verified, random, database: checkpoint.database },
    checkpoint.generation,
    checkpoint.appliedSeq,
  )
  const loader = new CollectionLoader({ store, registry, logger, catalog })
  const slicing = slicingOf(options)
  const recoveryParts = { store, catalog, registry, services, loader, logger, ...slicing }
  const isLazy = options.lazy ?? false
  const { log, replayed } = await recover(recoveryParts, checkpointer, checkpoint, isLazy, () =>
    openLog({
      disk,
      directory: `${path}/log`,
      clock,
      logger,
      random,
      minimumSeq: checkpoint.appliedSeq,
      ...(options.logRotateBytes === undefined ? {} : { rotateBytes: options.logRotateBytes }),
    }),
  )
  const appliedSeq = replayed.seq
  logger.info('database open', {
    path,
    appliedSeq,
    replayed: appliedSeq - checkpoint.appliedSeq,
    collections: catalog.collections.size,
  })
  const parts = {
    store,
    verified,
    log,
    catalog,
    registry,
    services,
    segments,
    bulkSegments: new SegmentWriter(store, builders.bulk, verified),
    links: new SegmentWriter(store, builders.links, verified),
    graphThreads: Math.max(1, options.graphThreads ?? 1),
    ...qdrantPartsOf(options),
    checkpointer,
    loader,
    pins: new Pins(),
    clock,
    random,
    logger,
    limits: { ...limitsOf(options), sliceBytes: slicing.sliceBytes },
    pause: slicing.pause,
    reading: builders.reading,
  }
  const engine = new Engine(parts, appliedSeq)
  for (const { record, seq } of replayed.imports) engine.keepForReplay(record, seq)
  return { engine, id: checkpoint.database }
}

function slicingOf({ unstable_slices: { bytes, pause } = {} }: OpenOptions) {
  return { sliceBytes: bytes ?? appliedSliceBytes, pause: pause ?? yieldToEventLoop }
}

/** What archives of Qdrant become, as a front door has it. */
function qdrantPartsOf({
  qdrantConfig = plainConfig,
  qdrantFilter = plainFilter,
}: OpenOptions): Required<Pick<OpenOptions, 'qdrantConfig' | 'qdrantFilter'>> {
  return { qdrantConfig, qdrantFilter }
}

function limitsOf(options: OpenOptions): Omit<EngineLimits, 'sliceBytes'> {
  return {
    memtableBytesMax: options.memtableBytesMax ?? 64 * 2 ** 20,
    pendingBytesMax: options.pendingBytesMax ?? 64 * 2 ** 20,
    checkpointIntervalMs: options.checkpointIntervalMs ?? 60_000,
    background: options.background ?? true,
  }
}

/** Checkpoint and log, in memory. If that fails, nothing stays in memory and no file stays open. */
async function recover(
  parts: RecoveryParts,
  checkpointer: Checkpointer,
  checkpoint: Catalog,
  isLazy: boolean,
  openTheLog: () => Promise<Log>,
): Promise<{ readonly log: Log; readonly replayed: Replayed }> {
  let log: Log | undefined
  try {
    for (const { state, file, stored } of await recoverCheckpoint(parts, checkpoint)) {
      checkpointer.recovered(state, file, stored)
    }
    log = await openTheLog()
    recoverKept(checkpointer, checkpoint)
    if (!isLazy) await parts.loader.whenAllLoaded()
    const replayed = await replayLog(parts, log, checkpoint.appliedSeq)
    parts.loader.start()
    return { log, replayed }
  } catch (error) {
    await log?.abandon()
    await parts.loader.close()
    parts.catalog.release()
    throw error
  }
}

function recoverKept(checkpointer: Checkpointer, checkpoint: Catalog): void {
  const kept = new Map([
    ...checkpoint.snapshots.map(({ id, sealed }) => [id, sealed] as const),
    ...checkpoint.history.map(({ snapshot, sealed }) => [snapshot.id, sealed] as const),
  ])
  checkpointer.recoveredKept(kept, checkpoint.timeline)
}

/** The newest catalog, durable. */
async function readCheckpoint(path: string, disk: Disk, store: ObjectStore): Promise<Catalog | undefined> {
  const checkpoint = await readNewestCatalog(store)
  // A killed process may have published it without making its name durable. Otherwise: garbage collection deletes what
  // only the catalog before it names; the power fails; the catalog before it is the newest again.
  if (checkpoint !== undefined)
    await onDisk('write-failed', path, () => disk.syncDirectory(`${path}/catalog`))
  return checkpoint
}

/** A new store begins with an empty catalog. @throws manifest-corrupt if there is data without a catalog */
async function initialize(path: string, disk: Disk, store: ObjectStore, random: Random): Promise<Catalog> {
  const entries = await onDisk('read-failed', path, () => disk.list(`${path}/log`))
  const hasLog = entries.some((entry) => entry.name.endsWith('.log'))
  if (hasLog || (await store.list('collections/')).length > 0) {
    throw new DatabaseError('manifest-corrupt', `Cannot open ${path}: it holds data but no catalog`, { path })
  }
  const catalog: Catalog = {
    database: random.uuid(),
    generation: generationOf(1),
    appliedSeq: seqOf(0),
    collections: [],
    aliases: {},
    snapshots: [],
    history: [],
    horizon: seqOf(0),
    timeline: null,
    documents: {},
  }
  await publishCatalog(store, catalog)
  return catalog
}

/** What the disk refuses while neither the store nor the log is there to say it. */
async function onDisk<T>(
  code: 'write-failed' | 'read-failed',
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code: system, message } = error as NodeJS.ErrnoException
    if (system === undefined) throw error
    throw new DatabaseError(code, `Cannot open ${path}: ${message}`, { path, system }, error)
  }
}
