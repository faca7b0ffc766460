import { createHash } from 'node:crypto'
import type { SegmentId } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import type { LinksJob } from '../graph/hnsw/build-links.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { VerifiedObjects } from '../storage/verified-objects.ts'
import type { BuildJob } from './build-file.ts'
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

const neverAborted = new AbortController().signal

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
    signal?: AbortSignal,
  ): Promise<SegmentInfo> {
    rows.retain()
    try {
      const image = rows.image()
      const files = await this.#writeFiles(id, plan(image, typedFields), signal)
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
  writeLinks(id: SegmentId, vector: string, unique: string, job: LinksJob): Promise<SegmentFile> {
    const base = vectorFileNames([vector]).get(vector)!
    const planned = {
      name: linksFileName(vector, base, unique),
      vector,
      job: { kind: 'links', ...job },
    } as const
    return this.#writeFile(id, planned, [], neverAborted)
  }

  async #writeFiles(
    id: SegmentId,
    files: readonly PlannedFile[],
    signal: AbortSignal | undefined,
  ): Promise<SegmentFile[]> {
    const failed = new AbortController()
    const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
    const errors: unknown[] = []
    const written: SegmentFile[] = []
    const summed: SummedFile[] = []
    // All of them end before this does: the caller may try again, and must not meet a put of this attempt.
    await Promise.all(
      files.map(async (file) => {
        try {
          written.push(await this.#writeFile(id, file, summed, stop))
        } catch (error) {
          errors.push(error)
          failed.abort()
        }
      }),
    )
    if (errors.length > 0) throw errors[0]
    return summed.length === 0 ? written : [...written, await this.#writeSums(id, summed)]
  }

  async #writeFile(
    id: SegmentId,
    { name, vector, job }: PlannedFile,
    summed: SummedFile[],
    signal: AbortSignal,
  ): Promise<SegmentFile> {
    const key = segmentKey(id, name)
    let stored = -1
    const { sums, ...digest } = await this.#builder.build(
      job,
      async (parts) => {
        stored = (await this.#store.put(key, parts, { partsStay: true })).bytes
      },
      signal,
    )
    assert(stored === digest.bytes, 'the store holds as many bytes as were made')
    await this.#verified?.written(key, digest)
    if (sums !== undefined) summed.push({ name, bytes: digest.bytes, sums })
    return { name, ...digest, ...(vector === undefined ? {} : { vector }) }
  }

  async #writeSums(id: SegmentId, files: readonly SummedFile[]): Promise<SegmentFile> {
    const key = segmentKey(id, sumsFileName)
    const bytes = writeSums(files)
    const digest = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    await this.#store.put(key, bytes)
    await this.#verified?.written(key, digest)
    return { name: sumsFileName, ...digest }
  }
}

function plan(rows: RowSetImage, fields: Readonly<Record<string, TypedField>>): PlannedFile[] {
  const names = vectorFileNames(rows.vectors.map(({ name }) => name))
  const types = Object.entries(fields).map(([path, { type }]) => [path, { type }] as const)
  return [
    { name: rowsFileName, job: { kind: 'rows', rows, fields: Object.fromEntries(types) } },
    ...rows.vectors.map(({ name, column }) => ({
      name: names.get(name)! + ('kind' in column ? packedSuffix : graphSuffix),
      vector: name,
      job: 'kind' in column ? ({ kind: 'packed', column } as const) : ({ kind: 'graph', column } as const),
    })),
  ]
}
