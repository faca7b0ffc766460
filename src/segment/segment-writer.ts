import { createHash } from 'node:crypto'
import type { SegmentId } from '../ids/brands.ts'
import { mayBePlaced, writePlacedGraph } from '../graph/graph-writer.ts'
import type { VectorColumnImage } from '../graph/vector-column.ts'
import { assert } from '../runtime/assert.ts'
import type { LinksJob } from '../graph/hnsw/build-links.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { VerifiedObjects } from '../storage/verified-objects.ts'
import type { BuildJob, FileDigest } from './build-file.ts'
import type { TypedField } from './field-values.ts'
import {
  graphSuffix,
  linksFileName,
  packedSuffix,
  rowsFileName,
  segmentFormatVersion,
  segmentKey,
  vectorFileNames,
  type SegmentFile,
  type SegmentInfo,
} from './format.ts'
import { sumsFileName, writeSums, type SummedFile } from './load/block-sums.ts'
import type { RowSet, RowSetImage } from './row-set.ts'
import type { SegmentBuilder } from './segment-builder.ts'

interface PlannedFile {
  readonly name: string
  readonly vector?: string
  readonly job: BuildJob
}

/** A column whose vectors are in rows.parquet alone; its own file says where. */
interface PlacedColumn {
  readonly name: string
  readonly vector: string
  readonly column: VectorColumnImage
}

const neverAborted = new AbortController().signal

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Dense vectors are written to rows.parquet alone, if all rows have one and lie there as they do in memory: half as many bytes.
   * Default: false.
   */
  readonly once?: boolean | undefined
}

/** Writes rows as the files of a segment. */
export class SegmentWriter {
  readonly #store: ObjectStore
  readonly #builder: SegmentBuilder
  readonly #verified: VerifiedObjects | undefined

  /** @param verified learns of every file that is written */
  constructor(store: ObjectStore, builder: SegmentBuilder, verified?: VerifiedObjects) {
    this.#store = store
    this.#builder = builder
    this.#verified = verified
  }

  /**
   * Every file is durable when this resolves. The rows must be frozen. After a failure some files may be there; nothing
   * names them, and another attempt replaces them.
   * @throws write-failed, cancelled, database-closed
   */
  async write(
    id: SegmentId,
    rows: RowSet,
    typedFields: Readonly<Record<string, TypedField>>,
    { signal, once = false }: WriteOptions = {},
  ): Promise<SegmentInfo> {
    rows.retain()
    try {
      const image = rows.image()
      const files = await this.#writeFiles(id, plan(image, typedFields, once), signal)
      assert(rows.rowCount === image.rowCount, 'only frozen rows are written')
      return {
        id,
        rowCount: image.rowCount,
        minSeq: rows.minWritten,
        maxSeq: rows.maxWritten,
        formatVersion: segmentFormatVersion,
        files: files.sort((a, b) => (a.name < b.name ? -1 : 1)),
      }
    } finally {
      rows.release()
    }
  }

  /**
   * Writes what a job makes of a graph, as a further file of a segment. `unique` makes its name another than those of all
   * before. The file is durable when this resolves. Pin the segment: until its description lists the file, nothing names it.
   * @throws write-failed, cancelled, database-closed
   */
  async writeLinks(id: SegmentId, vector: string, unique: string, job: LinksJob): Promise<SegmentFile> {
    const base = vectorFileNames([vector]).get(vector)!
    const planned = {
      name: linksFileName(vector, base, unique),
      vector,
      job: { kind: 'links', ...job },
    } as const
    return (await this.#writeFile(id, planned, [], neverAborted)).file
  }

  async #writeFiles(
    id: SegmentId,
    { rows, others, placed }: Plan,
    signal: AbortSignal | undefined,
  ): Promise<SegmentFile[]> {
    const failed = new AbortController()
    const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
    const errors: unknown[] = []
    const written: SegmentFile[] = []
    const summed: SummedFile[] = []
    const writing = async (write: () => Promise<readonly SegmentFile[]>): Promise<void> => {
      try {
        written.push(...(await write()))
      } catch (error) {
        errors.push(error)
        failed.abort()
      }
    }
    // All of them end before this does: the caller may try again, and must not meet a put of this attempt.
    await Promise.all([
      writing(async () => {
        const { file, runs } = await this.#writeFile(id, rows, summed, stop)
        const files = [file]
        for (const column of placed) files.push(await this.#writePlaces(id, column, runs))
        return files
      }),
      ...others.map((other) => writing(async () => [(await this.#writeFile(id, other, summed, stop)).file])),
    ])
    if (errors.length > 0) throw errors[0]
    return summed.length === 0 ? written : [...written, await this.#writeSums(id, summed)]
  }

  async #writeFile(
    id: SegmentId,
    { name, vector, job }: PlannedFile,
    summed: SummedFile[],
    signal: AbortSignal,
  ): Promise<{ readonly file: SegmentFile; readonly runs: FileDigest['runs'] }> {
    const key = segmentKey(id, name)
    let stored = -1
    const { sums, runs, ...digest } = await this.#builder.build(
      job,
      async (parts) => {
        stored = (await this.#store.put(key, parts, { partsStay: true })).bytes
      },
      signal,
    )
    assert(stored === digest.bytes, 'the store holds as many bytes as were made')
    await this.#verified?.written(key, digest)
    if (sums !== undefined) summed.push({ name, bytes: digest.bytes, sums })
    return { file: { name, ...digest, ...(vector === undefined ? {} : { vector }) }, runs }
  }

  async #writePlaces(
    id: SegmentId,
    { name, vector, column }: PlacedColumn,
    runs: FileDigest['runs'],
  ): Promise<SegmentFile> {
    const found = runs?.get(vector)
    assert(found !== undefined, 'rows.parquet says where the rows of a column are')
    return { ...(await this.#put(id, name, writePlacedGraph(column, found))), vector }
  }

  #writeSums(id: SegmentId, files: readonly SummedFile[]): Promise<SegmentFile> {
    return this.#put(id, sumsFileName, writeSums(files))
  }

  async #put(id: SegmentId, name: string, bytes: Uint8Array): Promise<SegmentFile> {
    const key = segmentKey(id, name)
    const digest = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    await this.#store.put(key, bytes)
    await this.#verified?.written(key, digest)
    return { name, ...digest }
  }
}

interface Plan {
  readonly rows: PlannedFile
  readonly others: readonly PlannedFile[]
  readonly placed: readonly PlacedColumn[]
}

function plan(rows: RowSetImage, fields: Readonly<Record<string, TypedField>>, once: boolean): Plan {
  const names = vectorFileNames(rows.vectors.map(({ name }) => name))
  const types = Object.entries(fields).map(([path, { type }]) => [path, { type }] as const)
  const others: PlannedFile[] = []
  const placed: PlacedColumn[] = []
  for (const { name: vector, column } of rows.vectors) {
    const base = names.get(vector)!
    if ('kind' in column) others.push({ name: base + packedSuffix, vector, job: { kind: 'packed', column } })
    else if (once && mayBePlaced(column)) placed.push({ name: base + graphSuffix, vector, column })
    else others.push({ name: base + graphSuffix, vector, job: { kind: 'graph', column } })
  }
  return {
    rows: { name: rowsFileName, job: { kind: 'rows', rows, fields: Object.fromEntries(types) } },
    others,
    placed,
  }
}
