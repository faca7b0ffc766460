import { DatabaseError } from '../errors/database-error.ts'
import { readGraph } from '../graph/graph-reader.ts'
import { readLinks } from '../graph/hnsw/hnsw-links.ts'
import { readLinksFile } from '../graph/hnsw/links-file.ts'
import { VectorColumn } from '../graph/vector-column.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { decoding, readHashed, readWhole, type StatedFile } from './file-reader.ts'
import {
  isLinksFile,
  packedSuffix,
  rowsFileName,
  segmentFormatVersion,
  segmentKey,
  type SegmentFile,
  type SegmentInfo,
} from './format.ts'
import { footerLength, parseFooter, tailBytes, UnknownVersion } from './parquet/footer.ts'
import { decodeRows, planRead, wantedColumns, type DecodedRows, type KeptRange } from './parquet/reader.ts'
import { readPacked } from './packed-format.ts'
import { RowSet, type DeclaredVector, type DeclaredVectors, type RowVectors } from './row-set.ts'

/**
 * A segment's rows in memory; the caller releases them. Every byte of every file is checked against the length and
 * SHA-256 in `info` before any of it is believed. All vectors that the segment has are read, declared or not: others
 * may share it, with another schema. One that it has no file for is absent in all rows.
 * @throws segment-corrupt naming the file, version-unsupported, object-not-found
 */
export async function readSegment(
  store: ObjectStore,
  info: SegmentInfo,
  vectors: DeclaredVectors,
): Promise<RowSet> {
  checkVersion(info)
  const rows = await readColumns(store, info, vectors)
  try {
    await readGraphs(store, info, rows)
    return rows
  } catch (error) {
    rows.release()
    throw error
  }
}

async function readColumns(store: ObjectStore, info: SegmentInfo, vectors: DeclaredVectors): Promise<RowSet> {
  const columns = new Map<string, RowVectors>()
  try {
    const rows = await readRows(store, info)
    for (const file of info.files) {
      const { vector } = file
      if (vector === undefined || isLinksFile(file)) continue
      const declared = Object.hasOwn(vectors, vector) ? vectors[vector] : undefined
      columns.set(vector, await readVectors(store, info, file, declared))
    }
    return await RowSet.fromColumns({ ...rows, vectors: columns })
  } catch (error) {
    for (const column of columns.values()) column.dispose()
    throw error
  }
}

async function readGraphs(store: ObjectStore, info: SegmentInfo, rows: RowSet): Promise<void> {
  for (const file of info.files.filter(isLinksFile)) {
    const column = rows.vectors.get(file.vector!)
    const bytes = await readWhole(store, stated(info, file))
    await decoding(segmentKey(info.id, file.name), () => {
      if (!(column instanceof VectorColumn)) throw new Error('its vectors are not dense')
      const graph = readLinks(column, readLinksFile(bytes))
      // Without room for it in the memory of its vectors the optimizer does what it can.
      if (graph === undefined) return
      if (graph.isComplete) rows.attachGraph(file.vector!, graph)
      else rows.keepUnfinished(file.vector!, graph)
    })
  }
}

/** Reads and hashes every byte of a segment. @throws segment-corrupt naming the file, object-not-found */
export async function verifySegment(store: ObjectStore, info: SegmentInfo): Promise<void> {
  for (const file of info.files) await readHashed(store, stated(info, file))
}

async function readVectors(
  store: ObjectStore,
  info: SegmentInfo,
  file: SegmentFile,
  declared: DeclaredVector | undefined,
): Promise<RowVectors> {
  const bytes = await readWhole(store, stated(info, file))
  const { rowCount } = info
  return decoding(segmentKey(info.id, file.name), () => {
    const isPacked = file.name.endsWith(packedSuffix)
    const kind = declared?.kind ?? 'dense'
    if (declared !== undefined && isPacked !== (kind !== 'dense'))
      throw new Error(`its vectors are not ${kind}`)
    if (!isPacked) return readGraph(bytes, { rowCount, ...(declared && { dimensions: declared.dimensions }) })
    const expected = declared === undefined || kind === 'dense' ? {} : { declared: { ...declared, kind } }
    return readPacked(bytes, { rowCount, ...expected })
  })
}

/** Reads the file once from its beginning, and its end beforehand, which says which parts of it are worth keeping. */
async function readRows(store: ObjectStore, info: SegmentInfo): Promise<DecodedRows> {
  const entry = info.files.find(({ name }) => name === rowsFileName)
  if (entry === undefined) throw missingRows(info)
  const file = stated(info, entry)
  return decodingRows(file.key, async () => {
    const footer = await readFooter(store, file)
    const layout = parseFooter(footer.bytes, footer.offset, wantedColumns)
    if (layout.rowCount !== info.rowCount) {
      throw new Error(`it has ${layout.rowCount} rows, its manifest says ${info.rowCount}`)
    }
    const { groups, ranges } = planRead(layout)
    const footerAgain = Buffer.alloc(footer.bytes.length)
    ranges.push({ offset: footer.offset, target: footerAgain })
    await readHashed(store, file, keeping(ranges))
    // The plan came from bytes that had not been hashed.
    if (!footerAgain.equals(footer.bytes)) throw new Error('it changed while it was read')
    return decodeRows(groups, info)
  })
}

async function readFooter(store: ObjectStore, file: StatedFile): Promise<{ bytes: Buffer; offset: number }> {
  const object = await store.head(file.key)
  if (object !== undefined && object.bytes !== file.bytes) {
    throw new Error(`it has ${object.bytes} bytes, its manifest says ${file.bytes}`)
  }
  if (file.bytes < 2 * tailBytes) throw new Error('it is too short')
  const tail = Buffer.from(await store.getRange(file.key, file.bytes - tailBytes, tailBytes))
  const length = footerLength(tail)
  const offset = file.bytes - tailBytes - length
  if (offset < 4) throw new Error('its metadata are longer than the file')
  return { bytes: Buffer.from(await store.getRange(file.key, offset, length)), offset }
}

/** Copies the ranges, which are in order and apart, out of chunks that come in order. */
function keeping(ranges: readonly KeptRange[]): (chunk: Uint8Array, offset: number) => void {
  let next = 0
  return (chunk, offset) => {
    const end = offset + chunk.length
    while (next < ranges.length && ranges[next]!.offset < end) {
      const { offset: start, target } = ranges[next]!
      const from = Math.max(start, offset)
      const to = Math.min(start + target.length, end)
      if (from < to) target.set(chunk.subarray(from - offset, to - offset), from - start)
      if (start + target.length > end) return
      next += 1
    }
  }
}

async function decodingRows<T>(key: string, decode: () => Promise<T>): Promise<T> {
  return decoding(key, async () => {
    try {
      return await decode()
    } catch (error) {
      if (!(error instanceof UnknownVersion)) throw error
      throw new DatabaseError('version-unsupported', `Cannot read ${key}: ${error.message}`, { key }, error)
    }
  })
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

function missingRows({ id }: SegmentInfo): DatabaseError {
  const key = segmentKey(id, rowsFileName)
  return new DatabaseError('segment-corrupt', `Cannot read ${key}: its manifest does not list it`, { key })
}
