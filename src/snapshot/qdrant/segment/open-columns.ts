import type { DatabaseError } from '../../../errors/database-error.ts'
import type { TextBlock, VectorBlock } from '../../../segment/row-block.ts'
import { invalidEntry } from '../../archive/archive-error.ts'
import { layoutText, vectorText } from '../vector-layout.ts'
import { openBlobstore } from './blobs/blobstore.ts'
import { PayloadColumn } from './blobs/payload-column.ts'
import type { TrackerContent } from './ids/read-tracker.ts'
import type { SegmentVector } from './segment-config.ts'
import type { SegmentFiles } from './segment-files.ts'
import { allAbsent, type SlotColumn } from './slot-column.ts'
import { openChunkedFile } from './vectors/chunked-file.ts'
import { DenseColumn } from './vectors/dense-column.ts'
import { elementBytes, type ElementType } from './vectors/elements.ts'
import { openFlags } from './vectors/flags.ts'
import { MultiColumn, offsetBytes } from './vectors/multi-column.ts'
import { openDroppedBits, openSingleFile } from './vectors/single-file.ts'
import { SparseColumn } from './vectors/sparse-column.ts'

export type VectorColumn = SlotColumn<VectorBlock>

/** The slots that a segment has given away, and what that says of the other files. */
export interface SlotBounds {
  readonly slotCount: number
  /** Slots from here on have no point. */
  readonly livingEnd: number
  readonly kind: TrackerContent['kind']
}

/** @throws archive-invalid */
export async function openVectorColumn(
  files: SegmentFiles,
  vector: SegmentVector,
  bounds: SlotBounds,
): Promise<VectorColumn> {
  const folder = files.folder(vector.name === '' ? 'vector_storage' : `vector_storage-${vector.name}`)
  if (vector.layout.datatype === 'turbo4') throw turbo4(folder, vector.name)
  if (vector.storage === 'old') throw oldStore(folder.name)
  if (vector.storage === 'empty') return allAbsent
  if (folder.isEmpty) {
    // Added to the collection after the segment was built, which still describes it as if it had files.
    if (bounds.kind === 'immutable' || bounds.livingEnd === 0) return allAbsent
    throw invalidEntry(folder.name, `the files of ${vectorText(vector.name)} are missing`)
  }
  if (vector.storage === 'blobs') return openSparse(folder, bounds)
  if (vector.layout.kind === 'multi') return openMulti(folder, vector, bounds)
  return openDense(folder, vector, bounds)
}

async function openDense(
  folder: SegmentFiles,
  { layout, storage }: SegmentVector,
  bounds: SlotBounds,
): Promise<VectorColumn> {
  const type = layout.datatype as ElementType
  if (storage === 'single') {
    const rows = await openSingleFile(folder, layout.size * elementBytes[type])
    checkCount(rows.name, rows.count, bounds)
    return new DenseColumn(rows, type, await openDroppedBits(folder, bounds.slotCount))
  }
  const rows = await openChunkedFile(folder.folder('vectors'), layout.size, elementBytes[type])
  checkCount(rows.name, rows.count, bounds)
  return new DenseColumn(rows, type, await openAbsent(folder, bounds))
}

async function openMulti(
  folder: SegmentFiles,
  { layout }: SegmentVector,
  bounds: SlotBounds,
): Promise<VectorColumn> {
  const type = layout.datatype as ElementType
  const rows = await openChunkedFile(folder.folder('vectors'), layout.size, elementBytes[type])
  const offsets = await openChunkedFile(folder.folder('offsets'), 1, offsetBytes)
  checkCount(offsets.name, offsets.count, bounds)
  return new MultiColumn(rows, offsets, type, await openAbsent(folder, bounds))
}

async function openSparse(folder: SegmentFiles, bounds: SlotBounds): Promise<VectorColumn> {
  const store = await openBlobstore(folder.folder('store'))
  const config = folder.folder('store').get('config.json').name
  if (store.compression !== 'None')
    throw invalidEntry(config, 'sparse vectors are not compressed, it says they are')
  checkEnd(config, store.slotsEnd, bounds)
  return new SparseColumn(store, await openAbsent(folder, bounds))
}

/** Undefined where no slot has a payload. @throws archive-invalid */
export async function openPayloadColumn(
  files: SegmentFiles,
  bounds: SlotBounds,
): Promise<SlotColumn<TextBlock> | undefined> {
  const folder = files.folder('payload_storage')
  if (folder.isEmpty) {
    if (bounds.livingEnd === 0) return undefined
    throw invalidEntry(folder.name, 'the files of the payloads are missing')
  }
  const store = await openBlobstore(folder)
  checkEnd(folder.get('tracker.dat').name, store.slotsEnd, bounds)
  return new PayloadColumn(store)
}

function openAbsent(folder: SegmentFiles, { slotCount, kind }: SlotBounds): ReturnType<typeof openFlags> {
  return openFlags(folder.folder('deleted'), slotCount, kind !== 'mutable')
}

/** A segment that takes writes may have vectors of points whose id is in the write-ahead log only. */
function checkCount(name: string, count: number, { slotCount, livingEnd, kind }: SlotBounds): void {
  if (kind === 'mutable' ? count >= livingEnd : count === slotCount) return
  throw invalidEntry(name, `it has vectors of ${count} slots, the segment has ${slotCount}`)
}

function checkEnd(name: string, end: number, { slotCount, kind }: SlotBounds): void {
  if (kind === 'mutable' || end <= slotCount) return
  throw invalidEntry(name, `it has values of ${end} slots, the segment has ${slotCount}`)
}

function turbo4(folder: SegmentFiles, name: string): DatabaseError {
  const why = `${vectorText(name)} has the datatype turbo4, an encoding that only Qdrant itself decodes`
  return invalidEntry(folder.name, `${why}: copy the collection from the running server instead`, {
    vector: name,
    datatype: 'turbo4',
  })
}

/** For what servers before 1.16 keep in RocksDB, which those from 1.18 on cannot read either. */
export function oldStore(entry: string): DatabaseError {
  const cure = 'start a Qdrant 1.17 on the data once, which rewrites it, and take the archive again'
  return invalidEntry(entry, `it is kept in RocksDB, as older servers do: ${cure}`)
}

/** @throws archive-invalid if the two say different things of a vector */
export function checkAgrees(
  entry: string,
  { name, layout }: SegmentVector,
  expected: SegmentVector['layout'],
): void {
  const [here, there] = [layoutText(layout), layoutText(expected)]
  if (here === there) return
  throw invalidEntry(entry, `${vectorText(name)} is ${here}; config.json of the collection says ${there}`)
}
