import { blockBytes, field, ustarMagic } from '../../src/snapshot/archive/tar/tar-format.ts'

/** The text of header fields, in Latin-1. */
export type RawHeader = { readonly [key in keyof typeof field]?: string }

/** A tar header with any content, right or wrong; its checksum is right unless stated. */
export function rawHeader(fields: RawHeader): Uint8Array {
  const block = Buffer.alloc(blockBytes)
  const all: RawHeader = { mode: '0000644\0', size: '00000000000\0', magic: ustarMagic, type: '0', ...fields }
  for (const [name, text] of Object.entries(all)) {
    const [offset, length] = field[name as keyof typeof field]
    block.write(text.slice(0, length), offset, 'latin1')
  }
  if (fields.checksum === undefined) {
    block.write(' '.repeat(field.checksum[1]), field.checksum[0], 'latin1')
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, field.checksum[0], 'latin1')
  }
  return block
}

export interface RawMember {
  readonly header: Uint8Array
  readonly body?: Uint8Array
}

/** A tar file of these members, with two blocks of zeros at its end. */
export function rawTar(members: readonly RawMember[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const { header, body = new Uint8Array(0) } of members) {
    parts.push(header, body, new Uint8Array((blockBytes - (body.byteLength % blockBytes)) % blockBytes))
  }
  return Buffer.concat([...parts, new Uint8Array(2 * blockBytes)])
}

/** A plain file. */
export function rawFile(name: string, body: Uint8Array): RawMember {
  return { header: rawHeader({ name, size: `${body.byteLength.toString(8).padStart(11, '0')}\0` }), body }
}

/** The members of a well-formed tar file whose names fit the header's first field. */
export function membersOf(tar: Uint8Array): (RawMember & { readonly name: string })[] {
  const members = []
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength)
  for (let at = 0; bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + blockBytes)
    const name = header.toString('latin1', 0, 100).replace(/\0.*$/s, '')
    const length = Number.parseInt(header.toString('latin1', 124, 135), 8)
    members.push({ name, header, body: bytes.subarray(at + blockBytes, at + blockBytes + length) })
    at += blockBytes + Math.ceil(length / blockBytes) * blockBytes
  }
  return members
}
