import { asBuffer } from '../encoding/binary.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { seqOf } from '../ids/brands.ts'
import type { Disk } from '../storage/disk.ts'
import {
  decodeFileHeader,
  decodeRecord,
  fileHeaderBytes,
  markOf,
  recordBytesAt,
  recordHeaderBytes,
  recordVersion,
  sealType,
  type ReadRecordHeader,
} from './format.ts'
import type { LogRecord } from './log.ts'

const chunkBytes = 4 * 2 ** 20

/** A log file whose header has been read. */
export interface LogFile {
  readonly path: string
  readonly firstSeq: number
  readonly logId: string
  readonly mark: number
  bytes: number
}

/** Why a file cannot be read on from an offset. */
export interface Damage {
  readonly offset: number
  readonly problem: string
  /** True if no interrupted write can have left it. */
  readonly isCertain: boolean
}

/** @throws log-corrupt, version-unsupported, read-failed */
export async function readLogFile(disk: Disk, path: string, firstSeq: number): Promise<LogFile> {
  const bytes = (await reading(path, () => disk.stat(path)))?.bytes ?? 0
  const start = asBuffer(await reading(path, () => disk.readRange(path, 0, fileHeaderBytes)))
  const header = decodeFileHeader(start)
  if ('problem' in header) {
    if (header.version === undefined) throw logCorrupt(path, 0, header.problem)
    throw new DatabaseError('version-unsupported', `Cannot open log file ${path}: ${header.problem}`, {
      file: path,
      version: header.version,
    })
  }
  if (header.firstSeq !== firstSeq)
    throw logCorrupt(path, 16, `its header says that it begins with record ${header.firstSeq}`)
  return { path, firstSeq, logId: header.logId, mark: markOf(start), bytes }
}

/** Reads a file's records in order, as far as they are good. */
export class RecordReader {
  readonly #disk: Disk
  readonly #file: LogFile
  /** Where the next record begins. */
  offset = fileHeaderBytes
  nextSeq: number
  /** True if the last thing read was a seal. */
  isSealed = false
  damage: Damage | undefined

  constructor(disk: Disk, file: LogFile) {
    this.#disk = disk
    this.#file = file
    this.nextSeq = file.firstSeq
  }

  /** The next records; their bodies share one memory, which is theirs. Undefined at the end and at damage. */
  async next(): Promise<readonly LogRecord[] | undefined> {
    while (this.damage === undefined && this.offset < this.#file.bytes) {
      const records = this.#parse(await this.#read(chunkBytes))
      if (records.length > 0) return records
    }
    return undefined
  }

  async #read(length: number): Promise<Buffer> {
    const { path, bytes, mark } = this.#file
    const chunk = asBuffer(
      await readExactly(this.#disk, path, this.offset, Math.min(length, bytes - this.offset)),
    )
    const first = recordBytesAt(chunk, 0, mark)
    // A record that does not fit into a chunk is read whole, unless the file ends before it does.
    if (first === undefined || first <= chunk.length || first > bytes - this.offset) return chunk
    return this.#read(first)
  }

  #parse(chunk: Buffer): LogRecord[] {
    const { mark, bytes } = this.#file
    const records: LogRecord[] = []
    let at = 0
    while (at < chunk.length) {
      const isLast = this.offset + chunk.length - at >= bytes
      if (chunk.length - at < recordHeaderBytes && !isLast) break
      const length = recordBytesAt(chunk, at, mark)
      if (length !== undefined && length > chunk.length - at && length <= bytes - this.offset) break
      const header =
        length !== undefined && length <= chunk.length - at
          ? decodeRecord(chunk, at, length, mark)
          : undefined
      this.damage = this.#damageOf(length, header)
      if (this.damage !== undefined || header === undefined || length === undefined) break
      this.isSealed = header.type === sealType
      if (!this.isSealed) {
        records.push({
          seq: seqOf(header.seq),
          type: header.type,
          body: chunk.subarray(at + recordHeaderBytes, at + length),
        })
        this.nextSeq++
      }
      at += length
      this.offset += length
    }
    return records
  }

  #damageOf(length: number | undefined, header: ReadRecordHeader | undefined): Damage | undefined {
    const damage = (problem: string, isCertain: boolean): Damage => ({
      offset: this.offset,
      problem,
      isCertain,
    })
    if (length === undefined) return damage(`record ${this.nextSeq} is not there`, false)
    if (header === undefined) return damage(`record ${this.nextSeq} is cut off or fails its checksum`, false)
    const { type, version, seq, durableSeq, bodyBytes } = header
    if (version !== recordVersion) return damage(`record ${seq} has header version ${version}`, true)
    if (type === sealType) {
      const isSeal = seq === this.nextSeq - 1 && durableSeq === seq && bodyBytes === 0
      return isSeal
        ? undefined
        : damage(`a seal of record ${seq} stands where record ${this.nextSeq} is due`, true)
    }
    if (seq !== this.nextSeq) return damage(`record ${seq} stands where record ${this.nextSeq} is due`, true)
    return durableSeq < seq
      ? undefined
      : damage(`record ${seq} says that record ${durableSeq} was durable before it`, true)
  }
}

/**
 * Looks behind damage for a record which proves that record `missingSeq` was durable. Without one the damage is what
 * an interrupted write leaves, and everything from there on was never acknowledged.
 */
export async function findProof(
  disk: Disk,
  file: LogFile,
  from: number,
  missingSeq: number,
): Promise<{ readonly offset: number; readonly durableSeq: number } | undefined> {
  if (from >= file.bytes) return undefined
  const rest = asBuffer(await readExactly(disk, file.path, from, file.bytes - from))
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(file.mark)
  for (let at = rest.indexOf(mark); at >= 0; at = rest.indexOf(mark, at + 1)) {
    const length = recordBytesAt(rest, at, file.mark)
    if (length === undefined || length > rest.length - at) continue
    const header = decodeRecord(rest, at, length, file.mark)
    if (header !== undefined && header.durableSeq >= missingSeq) {
      return { offset: from + at, durableSeq: header.durableSeq }
    }
  }
  return undefined
}

export function logCorrupt(file: string, offset: number, problem: string): DatabaseError {
  return new DatabaseError('log-corrupt', `Cannot read log file ${file} at offset ${offset}: ${problem}`, {
    file,
    offset,
  })
}

/** Errors of the disk while reading become `read-failed`. */
export async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code: system, message } = error as NodeJS.ErrnoException
    if (system === undefined) throw error
    throw new DatabaseError(
      'read-failed',
      `Cannot read the log at ${path}: ${message}`,
      { file: path, system },
      error,
    )
  }
}

async function readExactly(disk: Disk, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await reading(path, () => disk.readRange(path, offset, length))
  if (bytes.length === length) return bytes
  throw new DatabaseError(
    'read-failed',
    `Cannot read the log at ${path}: it became shorter while it was read`,
    {
      file: path,
      offset,
    },
  )
}
