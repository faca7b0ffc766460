import { z } from 'zod'
import { parseJson } from '../encoding/json.ts'
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

const seq = z.number().int().nonnegative()
const sha = z.string().regex(/^[0-9a-f]{64}$/)
const deltaRef = z.object({ name: z.string(), bytes: seq, sha256: sha, count: seq, upTo: seq })
const entry = z.object({
  segment: z.uuid(),
  rowsUpTo: seq.nullable(),
  foreign: z.boolean(),
  inherited: z.array(deltaRef),
  deltas: z.array(deltaRef),
})
/** The entries of a manifest, shard by shard. */
export const shardsSchema = z.array(z.array(entry)).min(1)
const manifestSchema = z.object({
  collection: z.uuid(),
  name: z.string(),
  seq,
  pointCount: seq,
  config: z.unknown(),
  shards: shardsSchema,
  segments: z.array(z.unknown()),
})
const file = { key: z.string(), sha256: sha }
const record = {
  id: z.uuid(),
  name: z.string(),
  seq,
  createdAt: z.number(),
  scope: z.enum(snapshotScopes),
  shard: z.number().int().nonnegative().optional(),
  collections: z.array(z.object({ collection: z.uuid(), name: z.string() })),
  aliases: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  description: z.string(),
  reason: z.string(),
}
const sealed = z.array(z.object({ ...file, collection: z.uuid() }))
const check = z.object({ at: z.number(), ok: z.boolean(), problems: z.array(z.string()), bytes: seq })
const marks = z.object({
  holds: z.array(z.object({ id: z.string(), until: z.number().nullable(), reason: z.string() })),
  verified: check.nullable(),
  drilled: check.nullable(),
  contentHashes: z.record(z.string(), sha),
})
const catalogSchema = z.object({
  database: z.uuid(),
  generation: z.number().int().positive(),
  appliedSeq: seq,
  collections: z.array(z.object({ ...file, id: z.uuid(), name: z.string(), validFrom: seq })),
  aliases: z.record(z.string(), z.string()),
  snapshots: z.array(z.object({ ...record, sealed, marks })),
  history: z.array(z.object({ snapshot: z.object(record), from: seq, sealed })),
  horizon: seq,
  timeline: z.object(file).nullable(),
  documents: z.record(z.string(), z.record(z.string(), z.unknown())),
})

/** The newest catalog, or undefined in a new store. @throws manifest-corrupt, version-unsupported */
export async function readNewestCatalog(store: ObjectStore): Promise<Catalog | undefined> {
  const keys = (await store.list(catalogPrefix)).map((object) => object.key).sort()
  const newest = keys.at(-1)
  if (newest === undefined) return undefined
  // Never an older one instead: the log before the newest catalog may be gone, and with it acknowledged writes.
  return decode(newest, await store.get(newest), catalogFormatVersion, catalogSchema) as Catalog
}

/** @throws manifest-corrupt, version-unsupported, object-not-found */
export async function readManifest(store: ObjectStore, ref: ManifestFile): Promise<CollectionManifest> {
  const bytes = await store.get(ref.key)
  if (sha256(bytes) !== ref.sha256) throw corrupt(ref.key, 'its checksum is not the one in the catalog')
  return decode(ref.key, bytes, manifestFormatVersion, manifestSchema) as CollectionManifest
}

function decode(key: string, bytes: Uint8Array, supported: number, schema: z.ZodType): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const header = /^\{"formatVersion":(\d+),"sha256":"([0-9a-f]{64})","content":/.exec(text)
  if (header === null || !text.endsWith('}\n')) throw corrupt(key, 'it is no whole document')
  if (Number(header[1]) > supported) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read ${key}: its format version is ${header[1]!}, this release reads up to ${supported}`,
      { key },
    )
  }
  const content = text.slice(header[0].length, -2)
  if (sha256(Buffer.from(content)) !== header[2])
    throw corrupt(key, 'its content does not have the checksum that it states')
  const parsed = schema.safeParse(parseJson(content))
  if (!parsed.success) throw corrupt(key, parsed.error.issues[0]?.message ?? 'a field is wrong')
  return parsed.data
}

function corrupt(key: string, why: string): DatabaseError {
  return new DatabaseError('manifest-corrupt', `Cannot read ${key}: ${why}`, { key })
}
