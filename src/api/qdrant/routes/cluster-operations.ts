import type { Collection } from '../../../index.ts'
import { badRequest, invalid, notFound, unsupported } from '../failures.ts'
import { createShardKey, dropShardKey } from '../shard-keys.ts'
import type { ClusterOperation, NewShardKey, Transfer } from '../translate/cluster-operation.ts'
import { shownKey } from '../translate/shard-key.ts'

/** Does what a cluster of one node can do: shard keys. @throws WireError 400, 404, 422, 501 */
export async function performOnCluster(
  operation: ClusterOperation,
  collection: Collection,
  peer: number,
): Promise<void> {
  switch (operation.kind) {
    case 'create_sharding_key':
      checkPlacement(operation.given, peer)
      return createShardKey(collection, operation.given.shard_key)
    case 'drop_sharding_key':
      return dropShardKey(collection, operation.key)
    case 'start_transfer':
      throw refusedTransfer(operation.name, operation.transfer, collection, peer)
    case 'end_transfer': {
      const { from_peer_id: from, to_peer_id: to, shard_id: shard } = operation.transfer
      const of = `collection ${collection.name}:${shard}`
      throw notFound(`Shard transfer ${from} -> ${to} for ${of} does not exist`)
    }
    case 'drop_replica': {
      const { shard_id: shard, peer_id: given } = operation.replica
      checkShard(collection, shard)
      checkPeer(given, peer)
      throw badRequest(`Shard ${shard} must have at least one active replica after removing ${peer}`)
    }
    case 'replicate_points':
      throw unsupported('replicating points from key to key is')
    case 'start_resharding':
      throw badRequest('resharding is only supported in Qdrant Cloud')
    case 'end_resharding':
      throw badRequest(`resharding is not in progress for collection ${collection.name}`)
  }
}

/** Shards of a key can only be here. @throws WireError 400 */
export function checkPlacement({ shard_key: key, placement }: NewShardKey, peer: number): void {
  if (placement === undefined) return
  if (placement.length === 0) {
    throw badRequest(
      `Sharding key ${shownKey(key)} placement cannot be empty. If you want to use random placement, do not specify placement`,
    )
  }
  for (const one of placement) checkPeer(one, peer)
}

/** There is nobody to send a shard to. */
function refusedTransfer(
  name: string,
  { shard_id: shard, from_peer_id: from, to_peer_id: to }: Transfer,
  collection: Collection,
  peer: number,
): Error {
  if (from === to) {
    return invalid(
      `${name}.to_peer_id: cannot transfer shard to itself, "to_peer_id" must be different than ${from} in "from_peer_id"`,
    )
  }
  checkShard(collection, shard)
  for (const one of [to, from]) checkPeer(one, peer)
  return unsupported('moving shards is')
}

function checkPeer(given: number, peer: number): void {
  if (given !== peer) throw badRequest(`Peer ${given} does not exist`)
}

function checkShard(collection: Collection, shard: number): void {
  if (shard < collection.info().shardPointCounts.length) return
  throw badRequest(`Shard ${shard} of ${collection.name} does not exist`)
}
