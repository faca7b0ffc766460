import { DatabaseError, type Database, type JobContext, type JsonObject } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/logger.ts'
import { CollectionCopy, type CopyingOptions, type CopyReport, type OneCopy } from './copy-collection.ts'
import { dropCopy, findReceipt, receiptName, settleReceipts } from './copy-state.ts'
import type { MoveRequest } from './move-in.ts'
import { SnapshotCopy } from './snapshot-copy.ts'
import type { Source } from './source.ts'
import {
  countPoints,
  readAliases,
  readCollection,
  readNames,
  type SourceCollection,
} from './source-collection.ts'

export interface MoveResult {
  readonly collections: readonly CopyReport[]
  /** Collection here by alias. */
  readonly aliases: Readonly<Record<string, string>>
  /** Id of the snapshot that keeps what was replaced. */
  readonly undo: string | null
}

export interface MoveRunOptions {
  readonly database: Database
  readonly clock: Clock
  readonly defaults: JsonObject
  readonly logger: Logger | undefined
  /** Nobody else copies into this name until the job has ended. @throws collection-exists */
  readonly claim: (into: string) => void
}

interface Planned {
  readonly collection: SourceCollection
  readonly into: string
  readonly pointCount: number
}

const parallelDefault = 4

/** One job: everything is copied into drafts, compared, and then given its names by one record. */
export class MoveRun {
  readonly #source: Source
  /** Goes on when the job has been cancelled. */
  readonly #afterwards: Source
  readonly #request: MoveRequest
  readonly #context: JobContext
  readonly #options: MoveRunOptions
  readonly #claimed: string[] = []

  constructor(
    { source, afterwards }: { readonly source: Source; readonly afterwards: Source },
    request: MoveRequest,
    context: JobContext,
    options: MoveRunOptions,
  ) {
    this.#source = source
    this.#afterwards = afterwards
    this.#request = request
    this.#context = context
    this.#options = options
  }

  async run(): Promise<MoveResult> {
    const { database } = this.#options
    const receipt = findReceipt(database, this.#context.id)
    if (receipt !== undefined) {
      // The process ended between the names and the end of the job.
      await settleReceipts(database, this.#context.id)
      return receipt.result as unknown as MoveResult
    }
    const planned = await this.#plan()
    const aliases = await this.#aliasesOf(planned)
    const total = planned.reduce((sum, { pointCount }) => sum + pointCount, 0)
    const copies = await this.#copyAll(planned, total)
    const reports = await this.#compareAll(copies, total)
    return this.#publish(copies, reports, aliases)
  }

  /** Drafts and what was kept of them. */
  async drop(): Promise<void> {
    for (const into of this.#claimed) await dropCopy(this.#options.database, into)
  }

  /** Everything that can be told to be wrong, before a point is copied. */
  async #plan(): Promise<readonly Planned[]> {
    const names =
      this.#request.collections ??
      Object.fromEntries((await readNames(this.#source)).map((name) => [name, name]))
    const taken = Object.values(names)
    const twice = taken.find((into, index) => taken.indexOf(into) !== index)
    if (twice !== undefined)
      throw new DatabaseError('request-invalid', `Cannot copy two collections into "${twice}"`, {
        name: twice,
      })
    const planned: Planned[] = []
    for (const [name, into] of Object.entries(names)) {
      this.#checkName(into)
      const collection = await readCollection(this.#source, name, this.#options.defaults)
      planned.push({ collection, into, pointCount: await countPoints(this.#source, name) })
    }
    return planned
  }

  #checkName(into: string): void {
    const { database, claim } = this.#options
    claim(into)
    this.#claimed.push(into)
    if (database.listAliases().some(({ alias }) => alias === into))
      throw new DatabaseError('alias-exists', `Cannot copy into "${into}": an alias has this name`, {
        name: into,
      })
    if (this.#request.replace === true || database.findCollection(into) === undefined) return
    const text = `Cannot copy into "${into}": there is such a collection; name another one, or replace it`
    throw new DatabaseError('collection-exists', text, { name: into })
  }

  async #aliasesOf(planned: readonly Planned[]): Promise<Readonly<Record<string, string>>> {
    if (this.#request.aliases === false) return {}
    const intoOf = new Map(planned.map(({ collection, into }) => [collection.name, into]))
    const aliases = [...(await readAliases(this.#source))].flatMap(([alias, collection]) => {
      const into = intoOf.get(collection)
      return into === undefined ? [] : [[alias, into] as const]
    })
    const { database } = this.#options
    for (const [alias] of aliases) {
      const isCollection = database.listCollections().some(({ name }) => name === alias)
      const isTaken = database.listAliases().some((one) => one.alias === alias)
      if (isCollection || (isTaken && this.#request.replace !== true))
        throw new DatabaseError('alias-exists', `Cannot copy alias "${alias}": the name is taken here`, {
          alias,
        })
    }
    return Object.fromEntries(aliases)
  }

  async #copyAll(planned: readonly Planned[], total: number): Promise<readonly OneCopy[]> {
    const { database, clock, logger } = this.#options
    const { signal } = this.#context
    let copied = 0
    let compared = 0
    const onCopied = (points: number): void =>
      this.#context.progress((copied += points), Math.max(copied, total), 'points')
    const onCompared = (points: number): void =>
      this.#context.progress((compared += points), Math.max(compared, total), 'points compared')
    const copies: OneCopy[] = []
    for (const { collection, into, pointCount } of planned) {
      const copy = await this.#begin(collection, pointCount, {
        database,
        source: this.#source,
        into,
        parallel: this.#request.parallel ?? parallelDefault,
        compares: this.#request.compare !== false,
        clock,
        signal,
        onCopied,
        onCompared,
        logger,
      })
      copies.push(copy)
      if (this.#request.snapshot !== true) onCopied(copy.copiedBefore)
    }
    for (const copy of copies) await copy.copy()
    return copies
  }

  #begin(collection: SourceCollection, pointCount: number, options: CopyingOptions): Promise<OneCopy> {
    if (this.#request.snapshot !== true) return CollectionCopy.begin(collection, pointCount, options)
    return SnapshotCopy.begin(collection, {
      ...options,
      afterwards: this.#afterwards,
      onBytes: (bytes, total) => this.#context.progress(bytes, total, 'bytes'),
    })
  }

  async #compareAll(copies: readonly OneCopy[], total: number): Promise<readonly CopyReport[]> {
    const { snapshot, compare } = this.#request
    if (snapshot !== true && compare !== false) this.#context.progress(0, total, 'points compared')
    const reports: CopyReport[] = []
    for (const copy of copies) reports.push(await copy.finish())
    return reports
  }

  async #publish(
    copies: readonly OneCopy[],
    collections: readonly CopyReport[],
    aliases: Readonly<Record<string, string>>,
  ): Promise<MoveResult> {
    const { database } = this.#options
    const { id, signal } = this.#context
    const undoName = `before-import-${id}`
    const isReplaced = copies.some(({ state }) => database.findCollection(state.into) !== undefined)
    const result = { collections, aliases, undo: isReplaced ? undoName : null }
    signal.throwIfAborted()
    if (copies.length > 0) {
      await database.publishDrafts(Object.fromEntries(copies.map(({ state }) => [state.draft, state.into])), {
        replace: this.#request.replace ?? false,
        aliases,
        undoName,
        receipt: {
          name: receiptName(id),
          value: { into: this.#claimed, result: result as unknown as JsonObject },
        },
      })
    }
    // Durable from here: the collections have their names, and what is left of the copy is rubbish.
    await settleReceipts(database, id)
    return result
  }
}
