import { DatabaseError } from '../errors/database-error.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { silentLogger, type Logger } from '../runtime/logger.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { Disk } from '../storage/disk.ts'
import { makeDurableDirectory } from '../storage/durable-directory.ts'
import { encodeFileHeader, fileHeaderBytes, fileNameOf, firstSeqOfName, markOf } from './format.ts'
import type { Log, LogRecord, OnDurable } from './log.ts'
import { findProof, logCorrupt, readLogFile, reading, RecordReader, type LogFile } from './reader.ts'
import { LogWriter, type LogStatistics, type OpenLogFile } from './writer.ts'

export interface LogOptions {
  readonly disk: Disk
  /** Made if it is not there. */
  readonly directory: string
  /** A file that has reached this size is followed by a new one. Default 64 MiB. */
  readonly rotateBytes?: number
  /** A number that the log must reach, from a checkpoint that rests on it. Default 0. */
  readonly minimumSeq?: SequenceNumber
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
}

/** Bytes at the end of the log that an interrupted write left: they are cut away before the first append. */
export interface TornTail {
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

const temporarySuffix = '.new'

/**
 * Opens the log in a directory, or starts one. Everything that can be replayed is durable when this resolves.
 * Nothing is cut yet: a start that fails later leaves the log as it found it.
 * @throws log-corrupt if acknowledged records are damaged or missing; version-unsupported, read-failed, write-failed
 */
export async function openLog(options: LogOptions): Promise<FileLog> {
  const { disk, directory } = options
  await writing(directory, () => prepareDirectory(disk, directory))
  const files = await findFiles(disk, directory)
  const minimumSeq = options.minimumSeq ?? 0
  if (files.length === 0) {
    if (minimumSeq > 0)
      throw logCorrupt(directory, 0, `there are no log files, but a checkpoint rests on record ${minimumSeq}`)
    const id = (options.random ?? systemRandom).uuid()
    const started = await writing(directory, () => startFile(disk, directory, 1, id))
    return new FileLog(options, {
      files: [started.file],
      current: started,
      lastSeq: 0,
      isSealed: false,
      torn: undefined,
    })
  }
  const last = files.at(-1)!
  const end = await findEnd(disk, last)
  if (end.lastSeq < minimumSeq) {
    throw logCorrupt(
      last.path,
      end.offset,
      `it ends with record ${end.lastSeq}, but a checkpoint rests on record ${minimumSeq}`,
    )
  }
  const torn =
    end.offset < last.bytes
      ? { file: last.path, offset: end.offset, bytes: last.bytes - end.offset }
      : undefined
  const handle = await writing(last.path, async () => {
    const file = await disk.append(last.path)
    try {
      // A killed process may have left records in memory only. What is replayed is built upon, so it must stay.
      await file.sync()
      return file
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  })
  if (torn !== undefined)
    options.logger?.info('log ends with an interrupted write', { ...torn, lastSeq: end.lastSeq })
  return new FileLog(options, {
    files,
    current: { file: last, handle },
    lastSeq: end.lastSeq,
    isSealed: end.isSealed,
    torn,
  })
}

interface OpenState {
  readonly files: LogFile[]
  readonly current: OpenLogFile
  readonly lastSeq: number
  readonly isSealed: boolean
  readonly torn: TornTail | undefined
}

/** The log as files of a directory. */
export class FileLog implements Log {
  readonly torn: TornTail | undefined
  readonly #disk: Disk
  readonly #directory: string
  readonly #files: LogFile[]
  readonly #writer: LogWriter
  /** The tail of the queue of truncations. */
  #truncation: Promise<void> = Promise.resolve()

  /** Use `openLog`. */
  constructor(options: LogOptions, state: OpenState) {
    const logger = options.logger ?? silentLogger
    this.torn = state.torn
    this.#disk = options.disk
    this.#directory = options.directory
    this.#files = state.files
    this.#writer = new LogWriter({
      current: state.current,
      lastSeq: state.lastSeq,
      cutAt: state.torn?.offset,
      isSealed: state.isSealed,
      rotateBytes: options.rotateBytes ?? 64 * 2 ** 20,
      clock: options.clock ?? systemClock,
      startFile: (firstSeq) => this.#startFile(firstSeq),
      onFailure: (error) => logger.error('log takes no more records', { reason: error.message }),
    })
  }

  get lastSeq(): SequenceNumber {
    return this.#writer.lastSeq
  }

  get hasFailed(): boolean {
    return this.#writer.hasFailed
  }

  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0)
  }

  get statistics(): LogStatistics {
    return this.#writer.statistics
  }

  append(type: number, body: readonly Uint8Array[], onDurable?: OnDurable): Promise<SequenceNumber> {
    return this.#writer.append(type, body, onDurable)
  }

  async *replay(from: SequenceNumber): AsyncGenerator<LogRecord> {
    assert(!this.#writer.hasWritten, 'the log is replayed before the first append')
    const lastSeq = this.lastSeq
    const first = this.#files[0]!
    if (from < first.firstSeq && from <= lastSeq)
      throw logCorrupt(first.path, 0, `the records from ${from} on should come before it`)
    const start = this.#files.findLastIndex((file) => file.firstSeq <= from)
    for (const [index, file] of this.#files.entries()) {
      if (index < start) continue
      const reader = new RecordReader(this.#disk, file)
      for (let records = await reader.next(); records !== undefined; records = await reader.next()) {
        for (const record of records) if (record.seq >= from) yield record
      }
      this.#checkEnd(reader, file, this.#files[index + 1])
    }
  }

  rotate(): Promise<void> {
    return this.#writer.rotate()
  }

  truncateBefore(seq: SequenceNumber): Promise<void> {
    const result = this.#truncation.then(() => this.#truncateBefore(seq))
    // The queue goes on after a failure; the caller has it.
    this.#truncation = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    await this.#truncation
    await this.#writer.close()
  }

  async abandon(): Promise<void> {
    assert(!this.#writer.hasWritten, 'a log that was written to is closed')
    await this.#writer.abandon()
  }

  /** A file that another one follows was durable to its end, whatever it looks like now. */
  #checkEnd(reader: RecordReader, file: LogFile, next: LogFile | undefined): void {
    if (next === undefined) {
      // The last file was read to its end when the log was opened.
      if (reader.nextSeq - 1 === this.lastSeq) return
      throw logCorrupt(file.path, reader.offset, 'it has changed since it was opened')
    }
    if (reader.damage !== undefined) throw logCorrupt(file.path, reader.damage.offset, reader.damage.problem)
    if (reader.nextSeq !== next.firstSeq) {
      throw logCorrupt(
        file.path,
        reader.offset,
        `it ends before record ${reader.nextSeq}, and the next file begins with ${next.firstSeq}`,
      )
    }
  }

  async #startFile(firstSeq: number): Promise<OpenLogFile> {
    const started = await startFile(this.#disk, this.#directory, firstSeq, this.#files[0]!.logId)
    this.#files.push(started.file)
    return started
  }

  async #truncateBefore(seq: number): Promise<void> {
    while (this.#files.length > 1 && this.#files[1]!.firstSeq <= seq) {
      const { path } = this.#files[0]!
      await writing(path, async () => {
        await this.#disk.remove(path)
        // One at a time: power loss could otherwise keep an older file and lose a newer one, which looks like a gap.
        await this.#disk.syncDirectory(this.#directory)
      })
      this.#files.shift()
    }
  }
}

async function prepareDirectory(disk: Disk, directory: string): Promise<void> {
  await makeDurableDirectory(disk, directory)
  for (const { name } of await disk.list(directory)) {
    if (name.endsWith(temporarySuffix)) await disk.remove(`${directory}/${name}`)
  }
  // A killed process may have named a file without making the name durable.
  await disk.syncDirectory(directory)
}

async function findFiles(disk: Disk, directory: string): Promise<LogFile[]> {
  const entries = await reading(directory, () => disk.list(directory))
  const files: LogFile[] = []
  for (const name of entries.map((entry) => entry.name).sort()) {
    const firstSeq = firstSeqOfName(name)
    if (firstSeq !== undefined) files.push(await readLogFile(disk, `${directory}/${name}`, firstSeq))
  }
  const stranger = files.find((file) => file.logId !== files[0]!.logId)
  if (stranger !== undefined) {
    throw logCorrupt(
      stranger.path,
      24,
      `it belongs to log ${stranger.logId}, the files before it to ${files[0]!.logId}`,
    )
  }
  return files
}

/** Reads the last file to the end of its good records, and decides whether what follows may be cut away. */
async function findEnd(
  disk: Disk,
  file: LogFile,
): Promise<{ readonly offset: number; readonly lastSeq: number; readonly isSealed: boolean }> {
  const { offset, nextSeq, isSealed, damage } = await readToEnd(disk, file)
  if (damage !== undefined) {
    if (damage.isCertain) throw logCorrupt(file.path, offset, damage.problem)
    const proof = await findProof(disk, file, offset + 1, nextSeq)
    if (proof !== undefined) {
      throw logCorrupt(
        file.path,
        offset,
        `${damage.problem}, but the record at offset ${proof.offset} shows that it was durable`,
      )
    }
    // A seal is the last thing in a file but for records appended after it was reopened, which were not yet durable.
  }
  return { offset, lastSeq: nextSeq - 1, isSealed: isSealed && damage === undefined }
}

/**
 * Damage is believed only when it is read twice: what an interrupted write left is still there, what the disk read
 * wrongly is not, and cutting it away would drop acknowledged records.
 */
async function readToEnd(disk: Disk, file: LogFile): Promise<RecordReader> {
  const readOnce = async (): Promise<RecordReader> => {
    const reader = new RecordReader(disk, file)
    while ((await reader.next()) !== undefined);
    return reader
  }
  const reader = await readOnce()
  if (reader.damage === undefined) return reader
  const again = await readOnce()
  return again.offset > reader.offset ? again : reader
}

/** A new file under its name, header and name durable. */
async function startFile(
  disk: Disk,
  directory: string,
  firstSeq: number,
  logId: string,
): Promise<OpenLogFile> {
  const path = `${directory}/${fileNameOf(firstSeq)}`
  const header = encodeFileHeader({ firstSeq, logId })
  const handle = await disk.create(path + temporarySuffix)
  try {
    await handle.write(header)
    await handle.sync()
    await disk.rename(path + temporarySuffix, path)
    // Durable from here: the file, under its name, with its header.
    await disk.syncDirectory(directory)
  } catch (error) {
    // The first error is the one to tell.
    await handle.close().catch(() => undefined)
    throw error
  }
  return { file: { path, firstSeq, logId, mark: markOf(header), bytes: fileHeaderBytes }, handle }
}

/** Errors of the disk while opening or removing become `write-failed`. */
async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code: system, message } = error as NodeJS.ErrnoException
    if (system === undefined || error instanceof DatabaseError) throw error
    throw new DatabaseError(
      'write-failed',
      `Cannot prepare the log at ${path}: ${message}`,
      { file: path, system },
      error,
    )
  }
}
