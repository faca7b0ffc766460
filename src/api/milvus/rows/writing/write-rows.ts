import type { Collection } from '../../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'
import { modelOf, type CollectionModel } from '../../schema/collection-model.ts'
import { codes, MilvusError } from '../../status.ts'
import { withFunctionColumns } from '../../text/functions.ts'
import type { FieldData } from '../field-data.ts'
import type { ColumnSet } from '../incoming/column-set.ts'
import { checkFields, pointReader } from '../incoming/points.ts'
import { giveBackColumns, readRows } from '../incoming/read-rows.ts'
import { invalid } from '../incoming/scalar-column.ts'
import { hasTextKeys, idsMessage, pointIdOf, type PrimaryKey } from '../keys.ts'
import { partitionOf } from '../partitions.ts'

export interface InsertRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_name: string
  readonly fields_data: readonly FieldData[]
  readonly num_rows: number
  readonly schema_timestamp: bigint
}

/** What an insert or upsert writes to. */
export interface WriteTarget {
  readonly collection: Collection
  readonly model: CollectionModel
  readonly partition: string
}

/** @throws 100, 109, 200, 65535 */
export function writeTarget(door: MilvusDoor, request: InsertRequest, call: Call): WriteTarget {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  const model = modelOf(collection)
  const { schema_timestamp: given } = request
  if (given !== 0n && given !== BigInt(model.document.updatedAt)) {
    const text = `collection schema mismatch[collection=${request.collection_name}]`
    throw new MilvusError(codes.schemaMismatch, text)
  }
  return { collection, model, partition: partitionOf(collection, model, request.partition_name) }
}

/** A row whose key is there already takes its place. @throws 100, 109, 200, 1100, 65535 */
export async function insert(door: MilvusDoor, request: InsertRequest, call: Call): Promise<object> {
  const target = writeTarget(door, request, call)
  try {
    const sent = await readRows(target.model, request.fields_data, request.num_rows)
    const columns = withFunctionColumns(target.model, sent)
    const keys = await keysToInsert(door, target, columns, request.fields_data.length)
    await writeRows(target, columns, keys)
    return { ...mutationResult(door, target, keys), insert_cnt: keys.length }
  } finally {
    giveBackColumns(request.fields_data)
  }
}

/** Whole rows. @throws 1100 */
export async function writeRows(
  { collection, model, partition }: WriteTarget,
  columns: ColumnSet,
  keys: readonly PrimaryKey[],
): Promise<void> {
  checkFields(model, columns)
  const pointAt = pointReader(model, collection, columns, keys)
  await collection.upsertInSlices(keys.length, pointAt, { partition })
}

export function mutationResult(
  door: MilvusDoor,
  { model }: WriteTarget,
  keys: readonly PrimaryKey[],
): object {
  return {
    IDs: idsMessage(model, keys),
    succ_index: keys.map((_, row) => row),
    acknowledged: true,
    timestamp: door.timestamps.next(),
  }
}

/** Those that were sent, or new ones. */
async function keysToInsert(
  door: MilvusDoor,
  target: WriteTarget,
  { keys, rowCount }: ColumnSet,
  columnCount: number,
): Promise<readonly PrimaryKey[]> {
  const { primaryKey, document } = target.model
  const mayBeGiven = document.properties['allow_insert_auto_id']?.toLowerCase() === 'true'
  if (primaryKey.autoId === true && (keys === undefined || mayBeGiven)) {
    return keys ?? newKeys(door, target, rowCount)
  }
  if (primaryKey.autoId === true) {
    const expected = String(columnCount - 1)
    throw invalid('the number of fields is less than needed', expected, String(columnCount))
  }
  if (keys === undefined) throw keyMissing(target.model)
  return keys
}

export const keyMissing = ({ primaryKey }: CollectionModel): MilvusError =>
  invalid(
    `fieldSchema(${primaryKey.name}) has no corresponding fieldData pass in`,
    'the primary key',
    'nothing',
  )

/** Ascending; texts of digits where keys are texts. */
export async function newKeys(
  door: MilvusDoor,
  { collection, model }: WriteTarget,
  count: number,
): Promise<readonly PrimaryKey[]> {
  for (;;) {
    const numbers = Array.from({ length: count }, () => door.timestamps.next())
    const keys = hasTextKeys(model) ? numbers.map(String) : numbers
    // A clock that was set back could give a number again.
    const existing = await collection.get(keys.map((key) => pointIdOf(model, key)!))
    if (existing.length === 0) return keys
  }
}
