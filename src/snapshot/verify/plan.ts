import { createHash } from 'node:crypto'
import type { View } from '../../collection/view.ts'
import { parseJson } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { segmentIdOf, type SegmentId } from '../../ids/brands.ts'
import type { ManifestFile } from '../../manifest/format.ts'
import { segmentKey } from '../../segment/format.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { JsonField } from '../json-field.ts'
import { decodeAvroFile } from '../metadata/avro-file.ts'
import { manifestEntrySchema } from '../metadata/format.ts'
import { readSealed, type SealedContent } from '../seal.ts'

const segmentFileKey = /^segments\/[0-9a-f-]{36}\/[^/]+$/

export interface Problem {
  /** Key of the object in the store. */
  readonly file: string
  /** Begins with `missing`, `length`, `checksum`, `unreadable` or `format`. */
  readonly why: string
}

export interface PlannedFile {
  readonly key: string
  /** As its manifest states; of the metadata document, which nobody states, what there is. */
  readonly bytes: number
  /** Undefined: it has been read and judged with the plan. */
  readonly sha256: string | undefined
}

/** Every object that a sealed snapshot reaches, and what is wrong with those that name the others. */
export interface VerifyPlan {
  /** In the order of their keys, each once. */
  readonly files: readonly PlannedFile[]
  /** Of metadata documents and Avro manifests, which had to be read to make the plan. */
  readonly problems: readonly Problem[]
  readonly totalBytes: number
  /** What the documents say, by collection, as far as they can be read. */
  readonly contents: readonly SealedContent[]
}

/** Reads a snapshot's own files, whole; what is damaged is named, and what it would have named is left out. */
export async function planVerification(
  store: ObjectStore,
  sealed: readonly ManifestFile[],
): Promise<VerifyPlan> {
  const files = new Files()
  const contents: SealedContent[] = []
  for (const ref of sealed) {
    const own = new OwnFiles(store)
    try {
      const content = await readSealed(own, ref)
      contents.push(content)
      for (const [key, bytes] of own.read) files.add({ key, bytes: bytes.byteLength, sha256: undefined })
      for (const file of filesOf(content)) files.add(file)
    } catch (error) {
      if (!isDamage(error)) throw error
      const before = files.problems.length
      await salvage(own, ref, files)
      // Whole, but not what it should be.
      if (files.problems.length === before) files.blame(keyOf(error, ref.key), whyRefused(error))
    }
  }
  return files.plan(contents)
}

/** What views reach that are not sealed: the files of their segments, as far as those are written. */
export function planOfViews(views: Iterable<View>): VerifyPlan {
  const files = new Files()
  for (const view of views) {
    for (const { handle, deletions } of view.entries()) {
      const stated = [...(handle.info?.files ?? []), ...deletions.knownRefs(view.seq)]
      for (const file of stated) files.add(plannedFile(handle.id, file))
    }
  }
  return files.plan([])
}

/** The segments that the plan's files belong to. */
export function segmentsOf(plan: VerifyPlan): ReadonlySet<SegmentId> {
  const ids = plan.files.flatMap(({ key }) => {
    const [folder, id] = key.split('/')
    return folder === 'segments' ? [segmentIdOf(id!)] : []
  })
  return new Set(ids)
}

/** True for an error that says something of the bytes in the store, rather than of the request. */
export function isDamage(error: unknown): error is DatabaseError {
  return (
    error instanceof DatabaseError &&
    (error.kind === 'corrupt' || error.code === 'object-not-found' || error.code === 'read-failed')
  )
}

/** The object that an error is about. */
export function keyOf(error: DatabaseError, otherwise: string): string {
  const { key } = error.details
  return typeof key === 'string' ? key : otherwise
}

/** Remembers what was read, so that a second look costs nothing. */
class OwnFiles {
  readonly read = new Map<string, Uint8Array>()
  readonly #store: ObjectStore

  constructor(store: ObjectStore) {
    this.#store = store
  }

  async get(key: string): Promise<Uint8Array> {
    const known = this.read.get(key)
    if (known !== undefined) return known
    const bytes = await this.#store.get(key)
    this.read.set(key, bytes)
    return bytes
  }
}

class Files {
  readonly problems: Problem[] = []
  readonly #files = new Map<string, PlannedFile>()

  add(file: PlannedFile): void {
    const known = this.#files.get(file.key)
    if (known === undefined) this.#files.set(file.key, file)
    else if (known.sha256 !== file.sha256 || known.bytes !== file.bytes)
      this.blame(file.key, 'format: two manifests state different checksums of it')
  }

  blame(file: string, why: string): void {
    if (!this.#files.has(file)) this.add({ key: file, bytes: 0, sha256: undefined })
    this.problems.push({ file, why })
  }

  plan(contents: readonly SealedContent[]): VerifyPlan {
    const files = [...this.#files.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
    return { files, problems: this.problems, totalBytes, contents }
  }
}

function filesOf({ stored }: SealedContent): PlannedFile[] {
  return [
    ...stored.segments.flatMap(({ id, files }) => files.map((file) => plannedFile(id, file))),
    ...stored.shards
      .flat()
      .flatMap(({ segment, inherited, deltas }) =>
        [...inherited, ...deltas].map((file) => plannedFile(segment, file)),
      ),
  ]
}

function plannedFile(
  segment: SegmentId,
  { name, bytes, sha256 }: { readonly name: string; readonly bytes: number; readonly sha256: string },
): PlannedFile {
  return { key: segmentKey(segment, name), bytes, sha256 }
}

/** What can still be said when a document or one of its manifests is damaged: every one is looked at. */
async function salvage(own: OwnFiles, ref: ManifestFile, files: Files): Promise<void> {
  const document = await readOwn(own, ref.key, ref, files)
  if (document === undefined) return
  await attempt(ref.key, files, async () => {
    const root = new JsonField(parseJson(document), (path, why) => new Error(`${path} ${why}`))
    const digests = root.member('manifest_digests').array((field) => ({
      key: field.member('path').name(),
      bytes: field.member('bytes').count(),
      sha256: field.member('sha256').sha256(),
    }))
    for (const digest of digests) await salvageManifest(own, digest, files)
  })
}

async function salvageManifest(
  own: OwnFiles,
  digest: { readonly key: string; readonly bytes: number; readonly sha256: string },
  files: Files,
): Promise<void> {
  const bytes = await readOwn(own, digest.key, digest, files)
  if (bytes === undefined) return
  await attempt(digest.key, files, async () => {
    for (const value of decodeAvroFile(bytes, manifestEntrySchema)) {
      const record = new JsonField(value, (path, why) => new Error(`${path} ${why}`))
      for (const list of ['binlog_files', 'index_files', 'inherited_deltalog_files', 'deltalog_files']) {
        for (const file of record.member(list).array(decodeFile)) files.add(file)
      }
    }
  })
}

function decodeFile(field: JsonField): PlannedFile {
  const key = field.member('log_path').name()
  if (!segmentFileKey.test(key)) throw field.member('log_path').fail('is no file of a segment')
  return {
    key,
    bytes: field.member('log_size').count(),
    sha256: field.member('sha256').sha256(),
  }
}

async function attempt(key: string, files: Files, decode: () => Promise<void>): Promise<void> {
  try {
    await decode()
  } catch (error) {
    files.blame(key, `format: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The bytes, if they are what is stated. */
async function readOwn(
  own: OwnFiles,
  key: string,
  stated: { readonly bytes?: number; readonly sha256: string },
  files: Files,
): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array
  try {
    bytes = await own.get(key)
  } catch (error) {
    if (!isDamage(error)) throw error
    files.blame(key, whyUnread(error))
    return undefined
  }
  files.add({ key, bytes: bytes.byteLength, sha256: undefined })
  const why = whyWrong(bytes.byteLength, createHash('sha256').update(bytes).digest('hex'), stated)
  if (why === undefined) return bytes
  files.blame(key, why)
  return undefined
}

function whyRefused(error: DatabaseError): string {
  return error.kind === 'corrupt' ? `format: ${error.message}` : whyUnread(error)
}

export function whyUnread(error: DatabaseError): string {
  return error.code === 'object-not-found' ? 'missing' : `unreadable: ${error.message}`
}

/** Undefined if it is what it should be. */
export function whyWrong(
  bytes: number,
  sha256: string,
  stated: { readonly bytes?: number; readonly sha256: string },
): string | undefined {
  if (stated.bytes !== undefined && bytes !== stated.bytes)
    return `length: it has ${bytes} bytes, its manifest says ${stated.bytes}`
  if (sha256 !== stated.sha256)
    return `checksum: its SHA-256 is ${sha256}, its manifest says ${stated.sha256}`
  return undefined
}
