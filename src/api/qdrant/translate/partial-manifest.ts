import type { KnownContent } from '../../../index.ts'
import { map, option, required, struct, text, u64, type Decoder } from '../decode.ts'

export interface GivenSegment {
  readonly segment_id: string
  readonly segment_version: number
  readonly file_versions: Readonly<Record<string, number | undefined>>
}

export type GivenManifest = Readonly<Record<string, GivenSegment>>

/** What somebody says to have of a shard. */
export const partialManifest: Decoder<GivenManifest> = map(
  struct<GivenSegment>('SegmentManifest', {
    segment_id: required(text),
    segment_version: required(u64),
    file_versions: required(map(option(u64))),
  }),
)

const contentName = /@([0-9a-f]{64})-(\d{1,15})$/

/** The files that are named as ours are; others are nobody's. */
export function knownOf(manifest: GivenManifest): KnownContent[] {
  return Object.values(manifest).flatMap(({ file_versions: files }) =>
    Object.keys(files).flatMap((name) => {
      const [, sha256, bytes] = contentName.exec(name) ?? []
      return sha256 === undefined ? [] : { sha256, bytes: Number(bytes) }
    }),
  )
}
