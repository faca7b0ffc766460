import { blobstoreFiles } from './blobstore.ts'
import { trackerFiles, type Files, type TrackedPoint } from './id-trackers.ts'
import { vectorFiles, within, type TestVector, type VectorForm } from './vector-files.ts'

export interface TestPoint extends TrackedPoint {
  readonly vectors?: Readonly<Record<string, TestVector>>
  /** JSON text; none for no value. */
  readonly payload?: string
}

export interface TestSegment {
  readonly points: readonly TestPoint[]
  readonly vectors: Readonly<Record<string, VectorForm>>
  readonly tracker: 'mutable' | 'immutable' | 'disk'
  readonly version?: number | null
  /** Changes the files, for better or worse. */
  readonly edit?: (files: Files) => void
}

/** The files of a segment as Qdrant 1.19 lays them out, by path. */
export function segmentFiles(segment: TestSegment): Files {
  const { points, vectors, tracker, version = 1 } = segment
  const files: Files = new Map([
    ['version.info', Buffer.from('0.6.0')],
    ['segment.json', Buffer.from(JSON.stringify(segmentJson(vectors, version)))],
    ['payload_index/config.json', Buffer.from('{"indexed_fields":{}}')],
    ...trackerFiles(tracker, points),
  ])
  for (const [name, form] of Object.entries(vectors)) {
    const folder = name === '' ? 'vector_storage' : `vector_storage-${name}`
    const values = points.map((point) => point.vectors?.[name])
    for (const [path, body] of within(folder, vectorFiles(form, values))) files.set(path, body)
  }
  const payloads = points.map(({ payload }) => (payload === undefined ? undefined : Buffer.from(payload)))
  const store = within('payload_storage', blobstoreFiles(payloads, { compression: 'LZ4' }))
  for (const [path, body] of store) files.set(path, body)
  segment.edit?.(files)
  return files
}

function segmentJson(vectors: Readonly<Record<string, VectorForm>>, version: number | null): object {
  const entries = Object.entries(vectors)
  const dense = entries.filter(([, { kind }]) => kind !== 'sparse')
  const sparse = entries.filter(([, { kind }]) => kind === 'sparse')
  const index = { full_scan_threshold: null, index_type: 'MutableRam' }
  return {
    initial_version: null,
    version,
    config: {
      vector_data: Object.fromEntries(
        dense.map(([name, form]) => [
          name,
          {
            ...denseParams(form),
            storage_type: form.storage === 'single' ? 'InRamMmap' : 'InRamChunkedMmap',
            index: { type: 'plain', options: {} },
            quantization_config: null,
          },
        ]),
      ),
      sparse_vector_data: Object.fromEntries(sparse.map(([name]) => [name, { index, storage_type: 'mmap' }])),
      payload_storage_type: { type: 'mmap' },
    },
  }
}

/** What config.json says of a dense vector, too. */
export function denseParams({ kind, size = 4, distance = 'Dot', datatype = 'float32' }: VectorForm): object {
  return {
    size,
    distance,
    ...(kind === 'multi' ? { multivector_config: { comparator: 'max_sim' } } : {}),
    ...(datatype === 'float32' ? {} : { datatype }),
  }
}
