import { databaseOf, type Call, type MilvusDoor } from '../../door.ts'
import type { FieldMessage, FunctionMessage, KeyValue } from '../../schema/messages.ts'
import { codes, MilvusError, missingParameter } from '../../status.ts'
import type { NamedCollection } from '../describe-collection.ts'
import { addField } from './add-field.ts'
import { dropField, dropFunction } from './drop-field.ts'
import { addFunctionField } from './function-field.ts'

export interface FieldInfo {
  readonly field_schema: FieldMessage
  readonly index_name: string
  readonly extra_params: readonly KeyValue[]
}

interface AddRequest {
  readonly field_infos: readonly FieldInfo[]
  readonly func_schema: readonly FunctionMessage[]
}

/** One of the three is set. */
interface DropRequest {
  readonly field_name?: string | null
  readonly field_id?: bigint | null
  readonly function_name?: string | null
  readonly drop_function_output_fields: boolean
}

interface AlterSchemaRequest extends NamedCollection {
  readonly action: {
    readonly add_request?: AddRequest | null
    readonly drop_request?: DropRequest | null
  } | null
}

/** Adds a field, or one together with the function that makes it; drops a field, or a function. @throws 10, 100, 800, 1100, 1701 */
export async function alterCollectionSchema(
  door: MilvusDoor,
  request: AlterSchemaRequest,
  call: Call,
): Promise<object> {
  const { add_request: add, drop_request: drop } = request.action ?? {}
  const database = databaseOf(call, request.db_name)
  const target = { database, collection: request.collection_name }
  if (add !== undefined && add !== null) await runAdd(door, target, add, call)
  else if (drop !== undefined && drop !== null) await runDrop(door, target, drop)
  else throw missingParameter('alter schema request must specify what to add or to drop')
  return {}
}

export interface AlteredCollection {
  readonly database: string
  readonly collection: string
}

async function runAdd(
  door: MilvusDoor,
  target: AlteredCollection,
  { field_infos: infos, func_schema: functions }: AddRequest,
  call: Call,
): Promise<void> {
  const [info] = infos
  if (info === undefined || infos.length > 1 || functions.length > 1)
    throw new MilvusError(
      codes.unimplemented,
      'AlterCollectionSchema adds one field here, with or without its function: service unimplemented',
    )
  const [made] = functions
  if (made === undefined) await addField(door, target.database, target.collection, info.field_schema)
  else await addFunctionField(door, target, info, made, call)
}

async function runDrop(door: MilvusDoor, target: AlteredCollection, drop: DropRequest): Promise<void> {
  const { field_name: name, field_id: id, function_name: made } = drop
  if (made !== undefined && made !== null)
    await dropFunction(door, target, made, drop.drop_function_output_fields)
  else if (name !== undefined && name !== null) await dropField(door, target, { name })
  else if (id !== undefined && id !== null) await dropField(door, target, { id: Number(id) })
  else throw missingParameter('drop request must specify field_name, field_id, or function_name')
}
