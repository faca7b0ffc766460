import { isDatabaseError } from '../../src/index.ts'
import { DatabaseError } from '../../src/errors/database-error.ts'
import { readSnapshotMetadata } from '../../src/snapshot/metadata/reader.ts'
import { sha256Of } from '../support/archives.ts'
import { Dice } from './dice.ts'
import { textOf, treeOf } from './json-tree.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateJson } from './mutate-json.ts'
import type { SealedSample } from './samples.ts'

/** A sealed snapshot's JSON and Avro files, damaged so that every checksum is right. */
export async function trySealed(
  { files, metadata }: SealedSample,
  seed: number,
  index: number,
): Promise<{ readonly code: string; readonly changes: readonly string[] }> {
  const dice = new Dice(seed, index)
  const changes: string[] = []
  const changed = new Map(files)
  const document = JSON.parse(Buffer.from(files.get(metadata)!).toString()) as {
    manifest_digests: { path: string; bytes: number; sha256: string }[]
  }
  if (dice.chance(0.8)) {
    const manifest = dice.pick(document.manifest_digests)
    const { bytes, how } = mutateBytes(dice, Buffer.from(files.get(manifest.path)!), dice.chance(0.6))
    changes.push(`${manifest.path}: ${how}`)
    changed.set(manifest.path, bytes)
    manifest.bytes = bytes.byteLength
    manifest.sha256 = sha256Of(bytes)
  }
  const tree = treeOf(document)
  if (changes.length === 0 || dice.chance(0.2)) changes.push(mutateJson(dice, tree))
  const text = Buffer.from(textOf(tree))
  changed.set(metadata, text)
  const store = {
    get: async (key: string): Promise<Uint8Array> => {
      const bytes = changed.get(key)
      if (bytes !== undefined) return bytes
      throw new DatabaseError('object-not-found', `Cannot read ${key}: there is no such object`, { key })
    },
  }
  try {
    await readSnapshotMetadata(store, { key: metadata, sha256: sha256Of(text) })
    return { code: '', changes }
  } catch (error) {
    if (isDatabaseError(error, 'manifest-corrupt', 'version-unsupported', 'object-not-found'))
      return { code: error.code, changes }
    throw error
  }
}
