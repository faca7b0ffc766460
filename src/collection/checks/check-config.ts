import { DatabaseError } from '../../errors/database-error.ts'
import { isPathPart } from '../../storage/path-part.ts'
import { checkPartitions } from '../partitions.ts'
import { efMax, mMax } from '../../graph/hnsw/hnsw-graph.ts'
import type { CollectionConfig, GraphParams, VectorParams } from '../types.ts'

const nameBytesMax = 255
const dimensionsMax = 65_536
const shardsMax = 1_024
const distances: readonly string[] = ['Cosine', 'Dot', 'Euclid', 'Manhattan', 'Jaccard']
const kinds: readonly string[] = ['dense', 'sparse', 'multi']
const datatypes: readonly string[] = ['float32', 'float16', 'uint8']

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
  for (const [name, params] of Object.entries(config.vectors)) checkVectorParams(name, params)
  const shards = config.shardNumber ?? 1
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > shardsMax) {
    throw invalid(`shardNumber is ${String(shards)}, not a whole number from 1 to ${shardsMax}`)
  }
  if (config.partitions !== undefined) checkPartitions(config.partitions, shards)
}

/** @throws request-invalid naming the vector and the field */
export function checkVectorParams(name: string, params: VectorParams): void {
  const { kind = 'dense', size, distance, datatype = 'float32', modifier, keepsLength } = params
  if (!kinds.includes(kind)) throw invalid(`vector "${name}" has the unknown kind ${String(kind)}`)
  const [least, most] = kind === 'sparse' ? [0, 0] : [1, dimensionsMax]
  if (!Number.isSafeInteger(size) || size < least || size > most) {
    const wanted = kind === 'sparse' ? '0, as a sparse one has' : `a whole number from ${least} to ${most}`
    throw invalid(`vector "${name}" has size ${String(size)}, not ${wanted}`)
  }
  if (!distances.includes(distance))
    throw invalid(`vector "${name}" has the unknown distance ${String(distance)}`)
  if (kind === 'sparse' && distance !== 'Dot')
    throw invalid(`vector "${name}" is sparse and has the distance ${distance}, not Dot`)
  if (!datatypes.includes(datatype))
    throw invalid(`vector "${name}" has the unknown data type ${String(datatype)}`)
  if (modifier !== undefined && (modifier !== 'idf' || kind !== 'sparse'))
    throw invalid(
      `vector "${name}" has the modifier ${String(modifier)}; only "idf" is one, of sparse vectors`,
    )
  if (keepsLength !== undefined && (typeof keepsLength !== 'boolean' || kind === 'sparse'))
    throw invalid(
      `vector "${name}" has keepsLength ${String(keepsLength)}; it is true or false, and not for sparse vectors`,
    )
  if (params.onDisk !== undefined && typeof params.onDisk !== 'boolean')
    throw invalid(`vector "${name}" has onDisk ${JSON.stringify(params.onDisk)}; it is true or false`)
  if (params.graph !== undefined) checkGraph(name, params)
  if (Buffer.byteLength(name) > 200 || name.includes('/'))
    throw invalid(`vector name ${JSON.stringify(name)} is longer than 200 bytes or has a "/"`)
}

const graphCodes: readonly unknown[] = ['auto', 'none', 'int8', 'bfloat16']

const graphBounds: Readonly<Record<Exclude<keyof GraphParams, 'codes'>, readonly [number, number]>> = {
  m: [0, mMax],
  efConstruct: [1, efMax],
  minBytes: [0, Number.MAX_SAFE_INTEGER],
}

function checkGraph(name: string, { graph, kind = 'dense' }: VectorParams): void {
  if (kind !== 'dense') throw invalid(`vector "${name}" is ${kind} and has graph; only a dense one has`)
  const { codes, ...numbers } = graph!
  if (codes !== undefined && !graphCodes.includes(codes))
    throw invalid(
      `vector "${name}" has graph.codes ${JSON.stringify(codes)}, not one of ${graphCodes.join(', ')}`,
    )
  for (const [field, value] of Object.entries(numbers)) {
    const bounds = Object.hasOwn(graphBounds, field)
      ? graphBounds[field as keyof typeof graphBounds]
      : undefined
    if (bounds === undefined) throw invalid(`vector "${name}" has the unknown graph.${field}`)
    const [min, max] = bounds
    if (!Number.isSafeInteger(value) || value < min || value > max || (field === 'm' && value === 1))
      throw invalid(
        `vector "${name}" has graph.${field} ${String(value)}, not a whole number from ${min} to ${max}${field === 'm' ? ' other than 1' : ''}`,
      )
  }
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot create the collection: ${why}`)
}
