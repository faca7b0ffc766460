import { blockBytes, field, paddingBytes } from '../../../src/snapshot/archive/tar/tar-format.ts'
import { rawHeader, type RawHeader } from '../tar.ts'

export interface GnuMember {
  readonly name: string
  /** None for a folder. */
  readonly body?: Uint8Array
  /** Stores only the blocks of 512 bytes that are not zeros. */
  readonly isSparse?: boolean
  /** Replaces what the header would say. */
  readonly header?: RawHeader
}

const magic = 'ustar  \0'
const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`

/** A tar as Qdrant writes it. */
export function gnuTar(members: readonly GnuMember[], { hasEnd = true } = {}): Buffer {
  const parts = members.flatMap((member) => memberParts(member))
  return Buffer.concat(hasEnd ? [...parts, new Uint8Array(2 * blockBytes)] : parts)
}

export function memberParts(member: GnuMember): Uint8Array[] {
  const name = Buffer.from(member.name)
  const parts: Uint8Array[] = []
  if (name.byteLength > field.name[1]) {
    const body = Buffer.concat([name, Buffer.alloc(1)])
    parts.push(gnuHeader({ name: '././@LongLink', type: 'L', size: octal(body.byteLength) }), ...padded(body))
  }
  const shown = { name: name.toString('latin1') }
  if (member.body === undefined) {
    parts.push(gnuHeader({ ...shown, type: '5', ...member.header }))
  } else if (member.isSparse === true) {
    parts.push(...sparseParts(shown.name, member.body, member.header))
  } else {
    const size = octal(member.body.byteLength)
    parts.push(gnuHeader({ ...shown, size, ...member.header }), ...padded(member.body))
  }
  return parts
}

/** A header with any content; its checksum is right unless stated. */
export function gnuHeader(fields: RawHeader): Buffer {
  return Buffer.from(rawHeader({ magic, ...fields }))
}

/** With a right checksum after a change. */
export function withChecksum(header: Buffer): Buffer {
  const [offset, length] = field.checksum
  header.fill(0x20, offset, offset + length)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, offset, 'latin1')
  return header
}

function sparseParts(name: string, body: Uint8Array, fields: RawHeader = {}): Uint8Array[] {
  const stretches: (readonly [offset: number, bytes: number])[] = []
  for (let at = 0; at < body.byteLength; at += blockBytes) {
    const end = Math.min(at + blockBytes, body.byteLength)
    if (body.subarray(at, end).every((byte) => byte === 0)) continue
    const last = stretches.at(-1)
    if (last !== undefined && last[0] + last[1] === at)
      stretches[stretches.length - 1] = [last[0], end - last[0]]
    else stretches.push([at, end - at])
  }
  const stored = Buffer.concat(stretches.map(([offset, bytes]) => body.subarray(offset, offset + bytes)))
  const pairs = [...stretches, [body.byteLength, 0] as const]
  const header = gnuHeader({ name, type: 'S', size: octal(stored.byteLength), ...fields })
  writePairs(header, 386, pairs.slice(0, 4))
  header[482] = pairs.length > 4 ? 1 : 0
  header.write(octal(body.byteLength), 483, 'latin1')
  const extensions: Buffer[] = []
  for (let from = 4; from < pairs.length; from += 21) {
    const block = Buffer.alloc(blockBytes)
    writePairs(block, 0, pairs.slice(from, from + 21))
    block[504] = from + 21 < pairs.length ? 1 : 0
    extensions.push(block)
  }
  return [withChecksum(header), ...extensions, ...padded(stored)]
}

function writePairs(block: Buffer, at: number, pairs: readonly (readonly [number, number])[]): void {
  pairs.forEach(([offset, bytes], index) => {
    block.write(octal(offset) + octal(bytes), at + index * 24, 'latin1')
  })
}

function padded(body: Uint8Array): Uint8Array[] {
  return [body, new Uint8Array(paddingBytes(body.byteLength))]
}
