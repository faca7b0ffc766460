import type { ShardFile, ShardSegment } from '../../../index.ts'

/** Qdrant's form: by the segment's id, the versions of its files. */
export type PartialManifest = Readonly<
  Record<
    string,
    {
      readonly segment_id: string
      readonly segment_version: number
      readonly file_versions: Readonly<Record<string, number>>
    }
  >
>

/** The names say what is in the files, so that whoever reads the manifest knows which of them it has, wherever they lie. */
export function manifestOf(segments: readonly ShardSegment[]): PartialManifest {
  const entries = segments.map(({ id, version, files }) => {
    const versions = files.map((file) => [nameOf(file), file.version] as const)
    return [
      id,
      { segment_id: id, segment_version: version, file_versions: Object.fromEntries(versions) },
    ] as const
  })
  return Object.fromEntries(entries)
}

function nameOf({ name, vector, bytes, sha256 }: ShardFile): string {
  const folder = vector !== undefined ? 'vector_storage' : name.startsWith('delta') ? 'id_tracker' : 'rows'
  return `${folder}/${name}@${sha256}-${bytes}`
}
