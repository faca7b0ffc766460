import { createHash } from 'node:crypto'
import { stringifyJson, type JsonValue, type RawJson } from '../encoding/json.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  catalogFormatVersion,
  catalogKey,
  manifestFormatVersion,
  manifestKey,
  type Catalog,
  type CatalogSnapshot,
  type CollectionManifest,
  type Generation,
  type ManifestFile,
} from './format.ts'

/**
 * Writes a collection's manifest under a key that nobody else uses: if two writers ever meet, the catalog decides
 * which of their manifests counts.
 */
export async function writeManifest(
  store: ObjectStore,
  manifest: CollectionManifest,
  generation: Generation,
  unique: string,
): Promise<ManifestFile> {
  const bytes = encode(manifestFormatVersion, manifest)
  const key = manifestKey(manifest.collection, generation, unique)
  await store.put(key, bytes, { ifAbsent: true })
  return { key, sha256: sha256(bytes) }
}

/** A catalog whose snapshots are text already. */
export type CatalogText = Omit<Catalog, 'snapshots'> & {
  readonly snapshots: readonly (CatalogSnapshot | RawJson)[]
}

/** Publishes a catalog; the commit point of a checkpoint. @throws object-exists if another writer was faster */
export async function publishCatalog(store: ObjectStore, catalog: CatalogText): Promise<void> {
  await store.put(catalogKey(catalog.generation), encode(catalogFormatVersion, catalog), { ifAbsent: true })
}

/** A document in a wrapper that carries its format version and its own SHA-256. */
function encode(formatVersion: number, content: object): Uint8Array {
  const text = Buffer.from(stringifyJson(content as JsonValue))
  const head = `{"formatVersion":${formatVersion},"sha256":"${sha256(text)}","content":`
  return Buffer.concat([Buffer.from(head), text, Buffer.from('}\n')])
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
