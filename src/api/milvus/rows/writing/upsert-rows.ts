import { type Call, type MilvusDoor } from '../../door.ts'
import { withFunctionColumns } from '../../text/functions.ts'
import { giveBackColumns, readRows } from '../incoming/read-rows.ts'
import { arrayChange, type FieldOperation } from './field-operations.ts'
import { updateRows } from './partial-update.ts'
import { keyMissing, mutationResult, writeRows, writeTarget, type InsertRequest } from './write-rows.ts'

export interface UpsertRequest extends InsertRequest {
  readonly partial_update: boolean
  readonly field_ops: readonly FieldOperation[]
}

/** Whole rows, or with `partial_update` only what was sent of them. @throws 100, 109, 200, 1100, 65535 */
export async function upsert(door: MilvusDoor, request: UpsertRequest, call: Call): Promise<object> {
  const target = writeTarget(door, request, call)
  const change = arrayChange(
    target.model,
    request.field_ops,
    request.fields_data.map(({ field_name: name }) => name),
  )
  const isPartial = request.partial_update || change !== undefined
  try {
    const sent = await readRows(target.model, request.fields_data, request.num_rows)
    const columns = withFunctionColumns(target.model, sent, !isPartial)
    const { keys } = columns
    if (keys === undefined) throw keyMissing(target.model)
    if (isPartial) await updateRows(door, target, columns, keys, change)
    else await writeRows(target, columns, keys)
    return { ...mutationResult(door, target, keys), upsert_cnt: keys.length }
  } finally {
    giveBackColumns(request.fields_data)
  }
}
