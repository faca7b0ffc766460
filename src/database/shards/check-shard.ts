import { DatabaseError } from '../../errors/database-error.ts'

/** @throws shard-not-found */
export function checkShard(
  state: { readonly name: string; readonly shards: readonly unknown[] },
  shard: number,
): void {
  if (Number.isSafeInteger(shard) && shard >= 0 && shard < state.shards.length) return
  const text = `Cannot use shard ${shard} of collection "${state.name}": it has ${state.shards.length}`
  throw new DatabaseError('shard-not-found', text, { collection: state.name, shard })
}
