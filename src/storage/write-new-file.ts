import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'

/** A file that was not there, durable when this resolves. @throws EEXIST and what the system says of it */
export async function writeNewFile(
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  disk: Disk = nodeDisk,
): Promise<void> {
  const file = await disk.create(path)
  try {
    if (source instanceof Uint8Array) await file.write(source)
    else for await (const chunk of source) await file.write(chunk)
    await file.sync()
    await file.close()
  } catch (error) {
    await file.close().catch(() => undefined)
    // Half a file is worse than none; the first error is the one to tell.
    await disk.remove(path).catch(() => undefined)
    throw error
  }
}
