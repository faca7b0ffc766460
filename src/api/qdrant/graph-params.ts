import type { CollectionConfig, GraphParams, JsonObject, VectorParams } from '../../index.ts'
import { isObject, memberOf, numberOf } from './decode.ts'

/**
 * What hnsw_config and quantization_config, of the collection and of the vector, and optimizers_config say of a vector's graph, and
 * whether it stays on disk. Undefined for collections of which this door has no such settings.
 */
export function graphParamsOf(
  config: CollectionConfig,
  vector: string,
): (Partial<GraphParams> & Pick<VectorParams, 'onDisk'>) | undefined {
  const { settings } = config
  if (!isObject(settings) || !isObject(memberOf(settings, 'hnsw_config'))) return undefined
  const ofVector = config.vectors[vector]?.settings ?? {}
  const own = memberOf(ofVector, 'hnsw_config')
  const number = (name: string): number | undefined =>
    numberIn(own, name) ?? numberIn(memberOf(settings, 'hnsw_config'), name)
  const [m, efConstruct] = [number('m'), number('ef_construct')]
  const threshold = numberIn(memberOf(settings, 'optimizers_config'), 'indexing_threshold')
  // In kilobytes; 0 stands for "never", as a graph without links does.
  const onDisk = isOnDisk(ofVector)
  if (threshold === 0 || m === 0) return { m: 0, ...onDisk }
  return {
    ...onDisk,
    ...(m === undefined ? {} : { m }),
    ...(efConstruct === undefined ? {} : { efConstruct }),
    ...(threshold === undefined ? {} : { minBytes: threshold * 1_024 }),
    // Whichever kind it is: a byte per component.
    ...([ofVector, settings].some((holder) => isObject(memberOf(holder, 'quantization_config'))) && {
      codes: 'int8' as const,
    }),
  }
}

/** `memory` is the newer word for it: what is `cold` is not kept in memory. */
function isOnDisk(settings: JsonObject): Pick<VectorParams, 'onDisk'> {
  const memory = memberOf(settings, 'memory')
  const onDisk = memory === undefined || memory === null ? memberOf(settings, 'on_disk') : memory === 'cold'
  return typeof onDisk === 'boolean' ? { onDisk } : {}
}

function numberIn(holder: unknown, name: string): number | undefined {
  return isObject(holder as never) ? numberOf(memberOf(holder as never, name)) : undefined
}
