import { sha256Of } from './archives.ts'
import { membersOf, rawFile, rawTar } from './tar.ts'

type Json = Record<string, unknown>

/** A manifest that states of every file what it now is: damage that no checksum shows. */
export function restate(manifest: Json, files: ReadonlyMap<string, Uint8Array>): Json {
  const stated = (name: string): { bytes: number; sha256: string } | undefined => {
    const body = files.get(name)
    return body === undefined ? undefined : { bytes: body.byteLength, sha256: sha256Of(body) }
  }
  const inSegment = (segment: unknown, list: readonly Json[]): Json[] =>
    list.map((file) => ({ ...file, ...stated(`segments/${String(segment)}/${String(file.name)}`) }))
  return {
    ...manifest,
    segments: list(manifest.segments).map((one) => ({ ...one, files: inSegment(one.id, list(one.files)) })),
    collections: list(manifest.collections).map((collection) => ({
      ...collection,
      shards: (collection.shards as Json[][]).map((entries) =>
        entries.map((entry) => ({
          ...entry,
          inherited: inSegment(entry.segment, list(entry.inherited)),
          deltas: inSegment(entry.segment, list(entry.deltas)),
        })),
      ),
    })),
    files: list(manifest.files).map((file) => ({ ...file, ...stated(String(file.name)) })),
  }
}

function list(value: unknown): Json[] {
  return value as Json[]
}

/** The document with its checksum as the last member, as manifests have it. */
export function sealText(text: string): Uint8Array {
  const body = Buffer.from(text.slice(0, -1))
  return Buffer.concat([body, Buffer.from(`,"sha256":"${sha256Of(body)}"}\n`)])
}

export interface Rewriting {
  /** The new bytes of an entry, or what it had. */
  readonly file?: (name: string, body: Buffer) => Uint8Array
  /** Changes the parsed manifest in place; entries are stated as they are by then. */
  // Any place of the document may be the one to change.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly manifest?: (manifest: any) => void
}

/** A plain archive with other content, of which every checksum is right. */
export function rewriteArchive(archive: Uint8Array, { file, manifest: change }: Rewriting): Uint8Array {
  const [first, ...others] = membersOf(archive).map(({ name, body }) => ({ name, body: Buffer.from(body!) }))
  const files = new Map(others.map(({ name, body }) => [name, file?.(name, body) ?? body]))
  const { sha256: _, ...manifest } = JSON.parse(first!.body.toString()) as Json
  const restated = restate(manifest, files)
  change?.(restated)
  const members = [...files].map(([name, body]) => rawFile(name, body))
  return rawTar([rawFile('manifest.json', sealText(JSON.stringify(restated))), ...members])
}
