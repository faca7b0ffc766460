import { checkCollectionName } from '../../../collection/checks/check-config.ts'
import type { CollectionState } from '../../../collection/collection-state.ts'
import type { JsonValue } from '../../../encoding/json.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import { checkMembers, type Members } from '../../../errors/known-members.ts'
import type { Engine } from '../../engine.ts'
import { submitRestore, type Restored } from '../../restore-snapshot.ts'
import { isDraft } from './draft-name.ts'

export interface PublishOptions {
  /** Collections and aliases of these names are replaced; what collections were is kept as a snapshot. Default false: they are refused. */
  readonly replace?: boolean
  /** Collection by alias: aliases that are set in the same step. */
  readonly aliases?: Readonly<Record<string, string>>
  /** A document that the same log record puts. Nothing is put if it fails. */
  readonly receipt?: { readonly name: string; readonly value: JsonValue }
  /** Of the snapshot that keeps what is replaced. */
  readonly undoName?: string
}

const ofPublish: Members<PublishOptions> = { replace: true, aliases: true, receipt: true, undoName: true }

/**
 * Drafts, by their names, become collections: all of them or none, in one log record, at the cost of a manifest each. The
 * drafts themselves stay until they are dropped.
 * @throws collection-exists, alias-exists, collection-not-found, request-invalid; then nothing has changed
 */
export async function publishDrafts(
  engine: Engine,
  names: Readonly<Record<string, string>>,
  options: PublishOptions,
): Promise<Restored> {
  checkMembers(options, ofPublish, { cannot: 'Cannot publish drafts', of: 'the options' })
  const { replace = false, aliases = {}, receipt, undoName } = options
  const { catalog } = engine.parts
  const collections = Object.entries(names).map(([draft, name]) => {
    checkCollectionName(name)
    const existing = catalog.collectionNamed(name)
    const into = existing !== undefined && replace ? { name, id: existing.id } : { name }
    return { source: getDraft(engine, draft).id, into }
  })
  for (const alias of replace ? [] : Object.keys(aliases)) {
    if (catalog.aliases.has(alias))
      throw new DatabaseError('alias-exists', `Cannot set alias "${alias}": it exists`, { alias })
  }
  return submitRestore(
    engine,
    { live: true },
    {
      collections,
      aliases,
      ...(receipt === undefined ? {} : { receipt: receipt.name, receiptValue: receipt.value }),
      ...(undoName === undefined ? {} : { undoName }),
    },
  )
}

/** @throws collection-not-found */
function getDraft(engine: Engine, name: string): CollectionState {
  const state = engine.parts.catalog.collectionNamed(name)
  if (state !== undefined && isDraft(state)) return state
  throw new DatabaseError('collection-not-found', `Cannot find draft "${name}": it does not exist`, { name })
}
