import { parseJson } from '../encoding/json.ts'
import {
  anything,
  count,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  ordinal,
  record,
  ShapeError,
  text,
  textLike,
  uuid,
  type Shape,
} from '../encoding/shape.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  catalogFormatVersion,
  catalogPrefix,
  manifestFormatVersion,
  snapshotScopes,
  type Catalog,
  type CollectionManifest,
  type ManifestFile,
} from './format.ts'
import { sha256 } from './writer.ts'

const sha = textLike(/^[0-9a-f]{64}$/, 'SHA-256')
const deltaRef = object({ name: text, bytes: count, sha256: sha, count, upTo: count })
const entry = object({
  segment: uuid,
  rowsUpTo: nullable(count),
  foreign: flag,
  inherited: list(deltaRef),
  deltas: list(deltaRef),
})
const manifestShape = object({
  collection: uuid,
  name: text,
  seq: count,
  pointCount: count,
  config: anything,
  shards: list(list(entry), 1),
  segments: list(anything),
})
const file = { key: text, sha256: sha }
const snapshot = {
  id: uuid,
  name: text,
  seq: count,
  createdAt: number,
  scope: oneOf(...snapshotScopes),
  shard: optional(count),
  collections: list(object({ collection: uuid, name: text })),
  aliases: record(text),
  labels: record(text),
  description: text,
  reason: text,
}
const sealed = list(object({ ...file, collection: uuid }))
const check = object({ at: number, ok: flag, problems: list(text), bytes: count })
const marks = object({
  holds: list(object({ id: text, until: nullable(number), reason: text })),
  verified: nullable(check),
  drilled: nullable(check),
  contentHashes: record(sha),
})
const catalogShape = object({
  database: uuid,
  generation: ordinal,
  appliedSeq: count,
  collections: list(object({ ...file, id: uuid, name: text, validFrom: count })),
  aliases: record(text),
  snapshots: list(object({ ...snapshot, sealed, marks })),
  history: list(object({ snapshot: object(snapshot), from: count, sealed })),
  horizon: count,
  timeline: nullable(object(file)),
  documents: record(record(anything)),
})

/** The newest catalog, or undefined in a new store. @throws manifest-corrupt, version-unsupported */
export async function readNewestCatalog(store: ObjectStore): Promise<Catalog | undefined> {
  const keys = (await store.list(catalogPrefix)).map((object) => object.key).sort()
  const newest = keys.at(-1)
  if (newest === undefined) return undefined
  // Never an older one instead: the log before the newest catalog may be gone, and with it acknowledged writes.
  return decode(newest, await store.get(newest), catalogFormatVersion, catalogShape) as Catalog
}

/** @throws manifest-corrupt, version-unsupported, object-not-found */
export async function readManifest(store: ObjectStore, ref: ManifestFile): Promise<CollectionManifest> {
  const bytes = await store.get(ref.key)
  if (sha256(bytes) !== ref.sha256) throw corrupt(ref.key, 'its checksum is not the one in the catalog')
  return decode(ref.key, bytes, manifestFormatVersion, manifestShape) as CollectionManifest
}

function decode(key: string, bytes: Uint8Array, supported: number, shape: Shape): unknown {
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const header = /^\{"formatVersion":(\d+),"sha256":"([0-9a-f]{64})","content":/.exec(document)
  if (header === null || !document.endsWith('}\n')) throw corrupt(key, 'it is no whole document')
  if (Number(header[1]) > supported) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read ${key}: its format version is ${header[1]!}, this release reads up to ${supported}`,
      { key },
    )
  }
  const content = document.slice(header[0].length, -2)
  if (sha256(Buffer.from(content)) !== header[2])
    throw corrupt(key, 'its content does not have the checksum that it states')
  try {
    return shape(parseJson(content), '')
  } catch (error) {
    if (error instanceof ShapeError) throw corrupt(key, error.message)
    throw error
  }
}

function corrupt(key: string, why: string): DatabaseError {
  return new DatabaseError('manifest-corrupt', `Cannot read ${key}: ${why}`, { key })
}
