import type { Collection, JsonObject, WriteResult } from '../../../index.ts'
import { notFound } from '../failures.ts'
import type { UpdateParams } from '../parameters.ts'
import { operationNumber } from '../present/points.ts'
import type { StrictGate } from '../strict/strict-gate.ts'
import type { Operation } from '../translate/operations.ts'
import type { KnownVectors } from '../translate/vectors.ts'

/** Every write is durable and applied when it is answered; the word only follows what was asked. */
export function updateResult(seq: number, collection: Collection, { isWaiting }: UpdateParams): JsonObject {
  const operation = operationNumber(seq, collection.config())
  return { operation_id: operation, status: isWaiting ? 'completed' : 'acknowledged' }
}

/**
 * Does a write. Ids that were named and do not exist are an error for a client that waits; the others are changed all
 * the same.
 */
export async function perform(
  operation: Operation,
  collection: Collection,
  known: KnownVectors,
  params: UpdateParams,
  gate?: StrictGate,
): Promise<JsonObject> {
  await gate?.spendWrite(operation.facts)
  const result: WriteResult = await operation.perform(collection, known)
  const [missing] = result.missing
  if (params.isWaiting && missing !== undefined) throw notFound(`No point with id ${String(missing)} found`)
  return updateResult(result.seq, collection, params)
}
