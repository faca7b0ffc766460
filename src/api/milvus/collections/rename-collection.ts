import { aliasConflict } from '../aliases/alias-conflict.ts'
import {
  checkDatabase,
  collectionMissing,
  databaseOf,
  databaseSequence,
  engineName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { checkName } from '../schema/names.ts'
import { codes, MilvusError } from '../status.ts'
import { aliasesOf } from './describe-collection.ts'

interface RenameRequest {
  readonly db_name: string
  readonly oldName: string
  readonly newName: string
  /** '': the same database. */
  readonly newDBName: string
}

/** Also into another database. Its snapshots and aliases go with it. @throws 100, 800, 1100, 1601, 65535 */
export async function renameCollection(
  door: MilvusDoor,
  request: RenameRequest,
  call: Call,
): Promise<object> {
  const { oldName, newName, newDBName } = request
  const database = databaseOf(call, request.db_name)
  const newDatabase = newDBName === '' ? database : newDBName
  checkDatabase(door, database)
  checkName('collection', newName)
  checkDatabase(door, newDatabase)
  const [from, to] = [engineName(database, oldName), engineName(newDatabase, newName)]
  // Nobody makes a collection of the new name meanwhile, and nobody drops its database. Names in order: two renames, each
  // to the other's old name, would wait for one another for ever.
  const turns = [...new Set([from, to].sort()), databaseSequence(newDatabase)]
  await inTurns(door, turns, () => rename(from, to))
  return {}

  async function rename(own: string, other: string): Promise<void> {
    const collection = door.database.findCollection(own)
    if (collection === undefined) throw collectionMissing(database, oldName)
    if (collection.name !== own)
      throw refused(`unsupported use an alias to rename collection, alias:${oldName}`)
    const existing = door.database.findCollection(other)
    if (existing !== undefined && existing.name !== other) throw aliasConflict(newDatabase, newName)
    if (existing !== undefined)
      throw refused(
        `duplicated new collection name ${newDatabase}:${newName} with other collection name or alias`,
      )
    if (database !== newDatabase && aliasesOf(door, collection).length > 0)
      throw refused('fail to rename db name, must drop all aliases of this collection before rename')
    checkDatabase(door, newDatabase)
    await door.database.renameCollection(own, other)
  }
}

function inTurns(door: MilvusDoor, names: readonly string[], work: () => Promise<void>): Promise<void> {
  const [first, ...rest] = names
  return first === undefined ? work() : door.sequences.run(first, () => inTurns(door, rest, work))
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
