import type { JsonField } from '../../json-field.ts'
import { isNone, readDenseLayout, sparseLayout, type VectorLayout } from '../vector-layout.ts'

const denseStorages = ['ChunkedMmap', 'InRamChunkedMmap', 'Mmap', 'InRamMmap', 'Empty', 'Memory'] as const
const sparseStorages = ['mmap', 'on_disk', 'empty'] as const
const payloadStorages = ['mmap', 'in_ram_mmap', 'on_disk', 'in_memory'] as const

export interface SegmentVector {
  readonly name: string
  readonly layout: VectorLayout
  /** `old`: in RocksDB, as servers before 1.16 have it. */
  readonly storage: 'chunked' | 'single' | 'blobs' | 'empty' | 'old'
}

export interface SegmentConfig {
  readonly version: number | null
  readonly vectors: readonly SegmentVector[]
  readonly hasOldPayloads: boolean
}

/** `segment.json`. @throws archive-invalid */
export function readSegmentConfig(document: JsonField): SegmentConfig {
  const config = document.member('config')
  const version = document.member('version')
  const payloads = config.member('payload_storage_type').member('type').oneOf(payloadStorages)
  return {
    version: isNone(version) ? null : version.count(),
    vectors: [
      ...denseVectors(config.member('vector_data')),
      ...sparseVectors(config.member('sparse_vector_data')),
    ],
    hasOldPayloads: payloads === 'on_disk' || payloads === 'in_memory',
  }
}

function denseVectors(field: JsonField): SegmentVector[] {
  if (isNone(field)) return []
  return field.members().map(([name, vector]) => {
    const layout = readDenseLayout(vector)
    const storage = vector.member('storage_type').oneOf(denseStorages)
    return { name, layout, storage: storageOf(storage, layout) }
  })
}

function storageOf(type: (typeof denseStorages)[number], layout: VectorLayout): SegmentVector['storage'] {
  if (type === 'Memory') return 'old'
  if (type === 'Empty') return 'empty'
  if (layout.kind === 'multi') return 'chunked'
  return type === 'Mmap' || type === 'InRamMmap' ? 'single' : 'chunked'
}

function sparseVectors(field: JsonField): SegmentVector[] {
  if (isNone(field)) return []
  return field.members().map(([name, vector]) => {
    const type = vector.member('storage_type')
    const stored = isNone(type) ? 'on_disk' : type.oneOf(sparseStorages)
    const storage = stored === 'mmap' ? 'blobs' : stored === 'empty' ? 'empty' : 'old'
    return { name, layout: sparseLayout, storage }
  })
}
