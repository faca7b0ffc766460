import { u32, type Files } from './id-trackers.ts'

export interface BlobstoreForm {
  readonly compression: 'LZ4' | 'None'
  readonly pageBytes?: number
}

const blockBytes = 128

/** Values one behind the other, each from the start of a block, over as many pages as they need. */
export function blobstoreFiles(values: readonly (Buffer | undefined)[], form: BlobstoreForm): Files {
  const { compression, pageBytes = 4096 } = form
  const parts: Buffer[] = []
  const pointers: Buffer[] = []
  let block = 0
  for (const value of values) {
    if (value === undefined) {
      pointers.push(Buffer.alloc(16))
      continue
    }
    const stored = compression === 'LZ4' ? Buffer.concat([u32(value.length), literalBlock(value)]) : value
    const start = block * blockBytes
    const inPage = (start % pageBytes) / blockBytes
    pointers.push(
      Buffer.concat([u32(1), u32(Math.floor(start / pageBytes)), u32(inPage), u32(stored.length)]),
    )
    const blocks = Math.max(1, Math.ceil(stored.length / blockBytes))
    parts.push(stored, Buffer.alloc(blocks * blockBytes - stored.length))
    block += blocks
  }
  const all = Buffer.concat(parts)
  const pages = Math.max(1, Math.ceil(all.length / pageBytes))
  const padded = Buffer.concat([all, Buffer.alloc(pages * pageBytes - all.length)])
  const config = {
    mode: 'mutable',
    page_size_bytes: pageBytes,
    block_size_bytes: blockBytes,
    region_size_blocks: 8192,
    compression,
  }
  const files: Files = new Map([
    ['config.json', Buffer.from(JSON.stringify(config))],
    ['tracker.dat', Buffer.concat([u32(values.length), ...pointers, Buffer.alloc(64)])],
    ['bitmask.dat', Buffer.alloc(64)],
    ['gaps.dat', Buffer.alloc(6)],
  ])
  for (let page = 0; page < pages; page++) {
    files.set(`page_${page}.dat`, padded.subarray(page * pageBytes, (page + 1) * pageBytes))
  }
  return files
}

/** An LZ4 block of literals only. */
export function literalBlock(bytes: Buffer): Buffer {
  if (bytes.length < 15) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes])
  const more = bytes.length - 15
  const lengths = [...Array.from({ length: Math.floor(more / 255) }, () => 255), more % 255]
  return Buffer.concat([Buffer.from([15 << 4, ...lengths]), bytes])
}
