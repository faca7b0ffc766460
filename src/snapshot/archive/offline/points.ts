import { fullConfig } from '../../../collection/collection-state.ts'
import { openView } from '../../../collection/open-view.ts'
import { CollectionReader } from '../../../collection/reader.ts'
import { SegmentRegistry } from '../../../collection/segment-handle.ts'
import type { Point } from '../../../collection/types.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import type { PointId } from '../../../ids/point-id.ts'
import { BaseArchives } from '../base/base-archives.ts'
import { findExternal } from '../base/external-files.ts'
import { checkContent } from '../check-content.ts'
import { contentFiles, contentKey, type ArchiveCollection } from '../format.ts'
import { bytesOf, type ArchiveInput } from './archive-file.ts'
import { ArchiveObjects } from './archive-objects.ts'
import {
  checkRunning,
  checkArchiveOptions,
  openArchiveReader,
  type ArchiveReader,
  type OpenArchiveOptions,
} from './archive-reader.ts'

export interface ArchivePointsOptions extends OpenArchiveOptions {
  /** Needed where the archive holds several. */
  readonly collection?: string
  /** Archives with what an incremental one leaves out. */
  readonly bases?: readonly ArchiveInput[]
}

const pagePoints = 500

/**
 * The points of a collection in an archive, by id, with payload and vectors. Its segments are read into memory and
 * checked on the way, as a database does it.
 * @throws archive-invalid, collection-not-found, archive-base-missing, segment-corrupt, and what `listArchive` throws
 */
export async function* archivePoints(
  input: ArchiveInput,
  { collection: name, bases = [], ...options }: ArchivePointsOptions = {},
): AsyncGenerator<Point> {
  checkArchiveOptions(options)
  const reader = await openArchiveReader(await bytesOf(input), options)
  const collection = getCollection(reader, name)
  const view = await openView(await objectsOf(reader, bases, options), new SegmentRegistry(), {
    collection: collection.id,
    seq: reader.manifest.snapshot.seq,
    config: fullConfig(collection.config),
    shards: collection.shards,
    segments: reader.manifest.segments,
  })
  try {
    await checkContent(view)
    const points = new CollectionReader({
      name: collection.name,
      id: collection.id,
      view: () => view.copy(),
      random: () => 0,
    })
    let offset: PointId | undefined
    do {
      checkRunning(options.signal)
      const from = offset === undefined ? {} : { offset }
      const page = await points.scroll({ limit: pagePoints, payload: true, vectors: true, ...from })
      yield* page.points
      offset = page.next
    } while (offset !== undefined)
  } finally {
    view.release()
  }
}

/** Every file of the content, from the archive or from a base. */
async function objectsOf(
  reader: ArchiveReader,
  bases: readonly ArchiveInput[],
  { decrypt, signal }: OpenArchiveOptions,
): Promise<ArchiveObjects> {
  const { external } = reader.manifest
  const sources = await Promise.all(bases.map(bytesOf))
  const finders = [new BaseArchives(sources, { decrypt, signal })]
  const candidates = await findExternal(external, finders)
  const streams = new Map(
    external.map((file) => [file.name, (range: Range) => candidates.get(contentKey(file))![0]!.part(range)]),
  )
  for (const { name } of reader.manifest.files)
    streams.set(name, (range) => reader.streamPart(reader.getEntry(name), range))
  return new ArchiveObjects(contentFiles(reader.manifest), streams)
}

interface Range {
  readonly offset: number
  readonly length: number
}

function getCollection({ manifest }: ArchiveReader, name: string | undefined): ArchiveCollection {
  const { collections } = manifest
  const found =
    name === undefined && collections.length === 1
      ? collections[0]
      : collections.find((collection) => collection.name === name)
  if (found !== undefined) return found
  const names = collections.map((collection) => collection.name).join(', ')
  const text = `Cannot read points of the archive: it holds ${names === '' ? 'no collection' : names}`
  throw new DatabaseError('collection-not-found', text, { collection: name })
}
