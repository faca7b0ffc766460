import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionConfig } from './types.ts'

const dimensionsMax = 65_536
const shardsMax = 1_024
const distances: readonly string[] = ['Cosine', 'Dot', 'Euclid', 'Manhattan']

/** @throws request-invalid */
export function checkCollectionName(name: string): void {
  if (name.length === 0 || Buffer.byteLength(name) > 255 || name.includes('/') || name.includes('\0')) {
    const text = `Cannot use collection name ${JSON.stringify(name)}: it must have 1 to 255 bytes, without "/" and NUL`
    throw new DatabaseError('request-invalid', text, { name })
  }
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
