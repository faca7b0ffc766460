import { dirname } from 'node:path'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { writeNewFile } from './write-new-file.ts'

/**
 * A file that is there whole or not at all: it has another name until its last byte is durable, and nothing stays of one that
 * fails. `unique` makes that name. What has the name is replaced.
 * @throws what the source throws, and what the system says of the file
 */
export async function writeWholeFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  unique: string,
  disk: Disk = nodeDisk,
): Promise<void> {
  const part = `${path}.${unique}.part`
  await writeNewFile(part, source, disk)
  try {
    await disk.rename(part, path)
  } catch (error) {
    // The first error is the one to tell.
    await disk.remove(part).catch(() => undefined)
    throw error
  }
  await disk.syncDirectory(dirname(path))
}

/** Whether anything has the name. */
export async function pathExists(path: string, disk: Disk = nodeDisk): Promise<boolean> {
  return (await disk.stat(path)) !== undefined
}
