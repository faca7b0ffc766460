import { DatabaseError } from '../errors/database-error.ts'
import type { HnswGraph } from '../graph/hnsw/hnsw-graph.ts'
import { beginLinks, type BegunLinks } from '../graph/hnsw/hnsw-links.ts'
import { readLinksFile } from '../graph/hnsw/links-file.ts'
import { isDenseColumn } from '../graph/stored/dense-column.ts'
import { StoredColumn } from '../graph/stored/stored-column.ts'
import { allEnded } from '../runtime/all-ended.ts'
import { assert } from '../runtime/assert.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { decoding, readHashed, readWhole, type StatedFile } from './file-reader.ts'
import {
  isLinksFile,
  rowsFileName,
  segmentFormatVersion,
  segmentKey,
  type SegmentFile,
  type SegmentInfo,
} from './format.ts'
import { readSums, summedBytesMin, sumsFileName, type BlockSums } from './load/block-sums.ts'
import { CheckedFile } from './load/checked-file.ts'
import { inlineLoading, type LoadThreads, type RunLoadJob } from './load/load-threads.ts'
import { readRows } from './load/rows-reader.ts'
import { readVectors } from './load/vectors-reader.ts'
import { RowSet, type DeclaredVector, type DeclaredVectors, type RowVectors } from './row-set.ts'

/**
 * A segment's rows in memory; the caller releases them. Every byte that is used is compared with the SHA-256 that `info`
 * states, of the whole file or, by the segment's sums, of its block, before it is believed; of `rows.parquet` those
 * vectors are used that have no other file. All vectors that the segment has are read, declared or not: others may share it, with another
 * schema. One that it has no file for is absent in all rows.
 * @throws segment-corrupt naming the file, version-unsupported, object-not-found
 */
export async function readSegment(
  store: ObjectStore,
  info: SegmentInfo,
  vectors: DeclaredVectors,
  threads: LoadThreads = inlineLoading,
): Promise<RowSet> {
  checkVersion(info)
  // Starting a thread takes longer than reading little.
  const where = segmentBytes(info) < summedBytesMin ? inlineLoading : threads
  return where.use(async (run) => {
    const sums = await readBlockSums(store, info)
    const open: OpenFile = (file) => CheckedFile.open(store, stated(info, file), sums.get(file.name), run)
    const rows = await readRowSet(info, vectors, open, run)
    try {
      await readGraphs(info, rows, open, run)
      return rows
    } catch (error) {
      rows.release()
      throw error
    }
  })
}

/** To read and encode so many takes a millisecond or two. */
const inlineBytesMax = 2 ** 19

/**
 * Puts the rows of stored vectors out of memory, once the files of `info` have been written from this set: from then on they
 * are read from there. Nothing changes where the store has no local files.
 * @throws segment-corrupt, read-failed, overloaded, and then nothing has changed
 */
export async function storeVectors(
  store: ObjectStore,
  info: SegmentInfo,
  vectors: DeclaredVectors,
  rows: RowSet,
  threads: LoadThreads = inlineLoading,
): Promise<void> {
  const files = info.files.filter(
    (file) => file.vector !== undefined && declaredOf(vectors, file.vector)?.stored !== undefined,
  )
  if (files.length === 0 || store.openFile === undefined) return
  // Unlike at a start there are others whom the main thread has to answer.
  const where = files.reduce((sum, { bytes }) => sum + bytes, 0) < inlineBytesMax ? inlineLoading : threads
  await where.use(async (run) => {
    const sums = await readBlockSums(store, info)
    const open: OpenFile = (file) => CheckedFile.open(store, stated(info, file), sums.get(file.name), run)
    const columns = new Map<string, StoredColumn>()
    try {
      for (const file of files) {
        const column = await readColumn(info, file, vectors, { open, run })
        assert(column instanceof StoredColumn, 'a file of our own has its sections in order')
        columns.set(file.vector!, column)
      }
    } catch (error) {
      for (const column of columns.values()) column.dispose()
      throw error
    }
    for (const [vector, column] of columns) rows.replaceVectors(vector, column)
  })
}

/** Reads and hashes every byte of a segment. @throws segment-corrupt naming the file, object-not-found */
export async function verifySegment(store: ObjectStore, info: SegmentInfo): Promise<void> {
  for (const file of info.files) await readHashed(store, stated(info, file))
}

/** Of all files. */
export function segmentBytes({ files }: SegmentInfo): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

type OpenFile = (file: SegmentFile) => Promise<CheckedFile>

async function readRowSet(
  info: SegmentInfo,
  vectors: DeclaredVectors,
  open: OpenFile,
  run: RunLoadJob,
): Promise<RowSet> {
  const columns = new Map<string, RowVectors>()
  try {
    const rows = readRows(await open(rowsFileOf(info)), info, run)
    // Both have ended before the columns go, if one of them fails.
    await allEnded<unknown>([rows, readColumns(info, vectors, { open, run }, columns)])
    return await RowSet.fromColumns({ ...(await rows), vectors: columns })
  } catch (error) {
    for (const column of columns.values()) column.dispose()
    throw error
  }
}

async function readGraphs(info: SegmentInfo, rows: RowSet, open: OpenFile, run: RunLoadJob): Promise<void> {
  for (const file of info.files.filter(isLinksFile)) {
    const column = rows.vectors.get(file.vector!)
    const links = await open(file)
    const bytes = await links.read(0, links.bytes)
    await decoding(links.key, async () => {
      if (!isDenseColumn(column)) throw new Error('its vectors are not dense')
      const begun = beginLinks(column, readLinksFile(bytes, true))
      // Without room for it in the memory of its vectors the optimizer does what it can.
      if (begun === undefined) return
      const graph = await finished(begun, run)
      if (graph.isComplete) rows.attachGraph(file.vector!, graph)
      else rows.keepUnfinished(file.vector!, graph)
    })
  }
}

async function finished(begun: BegunLinks, run: RunLoadJob): Promise<HnswGraph> {
  let found: bigint
  try {
    ;({ found } = await run({ kind: 'links', fill: begun.job }))
  } catch (error) {
    begun.abandon()
    throw error
  }
  return begun.finish(found)
}

/** Fills `columns`, which belong to the caller also after a failure. */
async function readColumns(
  info: SegmentInfo,
  vectors: DeclaredVectors,
  { open, run }: { readonly open: OpenFile; readonly run: RunLoadJob },
  columns: Map<string, RowVectors>,
): Promise<void> {
  for (const file of info.files) {
    const { vector } = file
    if (vector === undefined || isLinksFile(file)) continue
    columns.set(vector, await readColumn(info, file, vectors, { open, run }))
  }
}

/** @param file of a vector */
async function readColumn(
  info: SegmentInfo,
  file: SegmentFile,
  vectors: DeclaredVectors,
  { open, run }: { readonly open: OpenFile; readonly run: RunLoadJob },
): Promise<RowVectors> {
  const from = { file: await open(file), openRows: () => open(rowsFileOf(info)) }
  return readVectors(from, info.rowCount, declaredOf(vectors, file.vector!), run)
}

function declaredOf(vectors: DeclaredVectors, name: string): DeclaredVector | undefined {
  return Object.hasOwn(vectors, name) ? vectors[name] : undefined
}

/** What files are checked by where not whole, by their names; none in a small segment, or an old one. */
async function readBlockSums(store: ObjectStore, info: SegmentInfo): Promise<ReadonlyMap<string, BlockSums>> {
  const file = info.files.find(({ name }) => name === sumsFileName)
  if (file === undefined) return new Map()
  const bytes = await readWhole(store, stated(info, file))
  return decoding(segmentKey(info.id, file.name), () => readSums(bytes, info.files))
}

function rowsFileOf(info: SegmentInfo): SegmentFile {
  const file = info.files.find(({ name }) => name === rowsFileName)
  if (file !== undefined) return file
  const key = segmentKey(info.id, rowsFileName)
  throw new DatabaseError('segment-corrupt', `Cannot read ${key}: its manifest does not list it`, { key })
}

function stated(info: SegmentInfo, { name, bytes, sha256 }: SegmentFile): StatedFile {
  return { key: segmentKey(info.id, name), bytes, sha256 }
}

function checkVersion({ id, formatVersion }: SegmentInfo): void {
  if (formatVersion <= segmentFormatVersion) return
  throw new DatabaseError(
    'version-unsupported',
    `Cannot read segment ${id}: its format version is ${formatVersion}, this release reads up to ${segmentFormatVersion}`,
    { segment: id, formatVersion },
  )
}
