import { asBuffer, writeU64 } from '../../../encoding/binary.ts'
import { checksumOf, wholeBytes } from './log-files.ts'
import { CborWriter } from './write-cbor.ts'

export const walHeaderBytes = 8
const entryHeadBytes = 8
const crcBytes = 4
/** Zeros at the end of a file: what stands there would be the head of the next entry, and says that there is none. */
export const walTailBytes = 32
/** For padding and CRC, and so that a writer has room to spare at the end. */
const slackBytes = 32
/** Any number does; the same one every time makes the same bytes. */
const seed = 0x51a7_10c5

/** Entries of one file of the log, in order: log-files.ts has the layout. */
export class WalFileWriter {
  #crc = seed

  header(): Uint8Array {
    const header = Buffer.alloc(walHeaderBytes)
    header.write('wal', 'latin1')
    header.writeUInt32LE(seed, 4)
    return header
  }

  /** `write` gives the data. */
  entry(dataBytes: number, write: (cbor: CborWriter) => void): Uint8Array {
    const cbor = new CborWriter(entryHeadBytes, dataBytes + slackBytes)
    write(cbor)
    const written = cbor.finish().byteLength - entryHeadBytes
    const entry = asBuffer(cbor.finish(wholeBytes(written) - entryHeadBytes - written))
    writeU64(entry, written, 0)
    const end = entry.byteLength - crcBytes
    this.#crc = checksumOf(entry.subarray(0, end), this.#crc)
    entry.writeUInt32LE(this.#crc, end)
    return entry
  }
}
