import { DatabaseError } from '../../../errors/database-error.ts'
import type { Disk } from '../../../storage/disk.ts'
import { nodeDisk } from '../../../storage/node-disk.ts'
import { onFolder, streamFile } from '../../stored-archive.ts'
import type { ArchiveBytes } from '../archive-bytes.ts'

/** A local file, by its path, or anything else that can be read in ranges. */
export type ArchiveInput = string | ArchiveBytes

/** A local archive. @throws archive-not-found, archive-folder-failed */
export async function openArchiveFile(path: string, disk: Disk = nodeDisk): Promise<ArchiveBytes> {
  const found = await onFolder('read', path, () => disk.stat(path))
  if (found?.kind !== 'file') {
    const why = found === undefined ? 'there is no such file' : 'it is no file'
    throw new DatabaseError('archive-not-found', `Cannot read archive ${path}: ${why}`, { path })
  }
  return { bytes: found.bytes, stream: (range) => streamFile(disk, path, found, range) }
}

export function bytesOf(input: ArchiveInput): Promise<ArchiveBytes> {
  return typeof input === 'string' ? openArchiveFile(input) : Promise.resolve(input)
}
