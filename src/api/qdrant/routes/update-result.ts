import type { JsonObject } from '../../../index.ts'

/** Every write is durable and applied when it is answered; the word only follows what was asked. */
export function updateResult(operationId: number, isWaiting: boolean): JsonObject {
  return { operation_id: operationId, status: isWaiting ? 'completed' : 'acknowledged' }
}
