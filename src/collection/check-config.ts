import { DatabaseError } from '../errors/database-error.ts'
import { isPathPart } from '../storage/path-part.ts'
import type { CollectionConfig } from './types.ts'

const nameBytesMax = 255
const dimensionsMax = 65_536
const shardsMax = 1_024
const distances: readonly string[] = ['Cosine', 'Dot', 'Euclid', 'Manhattan']

/** A name is also the name of a folder of archives. @throws request-invalid */
export function checkCollectionName(name: string): void {
  if (isPathPart(name, nameBytesMax)) return
  const rule = `it must have 1 to ${nameBytesMax} bytes, without slashes and control characters, and not be "." or ".."`
  throw new DatabaseError('request-invalid', `Cannot use collection name ${JSON.stringify(name)}: ${rule}`, {
    name,
  })
}

/** @throws request-invalid naming the field */
export function checkCollectionConfig(config: CollectionConfig): void {
  for (const [name, params] of Object.entries(config.vectors)) {
    if (!Number.isSafeInteger(params.size) || params.size < 1 || params.size > dimensionsMax) {
      throw invalid(
        `vector "${name}" has size ${String(params.size)}, not a whole number from 1 to ${dimensionsMax}`,
      )
    }
    if (!distances.includes(params.distance))
      throw invalid(`vector "${name}" has the unknown distance ${String(params.distance)}`)
    if (Buffer.byteLength(name) > 200 || name.includes('/'))
      throw invalid(`vector name ${JSON.stringify(name)} is longer than 200 bytes or has a "/"`)
  }
  const shards = config.shardNumber ?? 1
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > shardsMax) {
    throw invalid(`shardNumber is ${String(shards)}, not a whole number from 1 to ${shardsMax}`)
  }
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot create the collection: ${why}`)
}
