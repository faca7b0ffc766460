import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'

const chunkBytes = 2 ** 20

/** The bytes of a local file, in chunks. @throws ENOENT and what the system says of it */
export async function* readFileChunks(path: string, disk: Disk = nodeDisk): AsyncIterable<Uint8Array> {
  let offset = 0
  for (;;) {
    const chunk = await disk.readRange(path, offset, chunkBytes)
    if (chunk.byteLength === 0) return
    yield chunk
    offset += chunk.byteLength
  }
}
