import {
  nonZeroU32,
  object,
  oneOf,
  optional,
  required,
  struct,
  text,
  u32,
  u64,
  untagged,
  type Decoder,
} from '../decode.ts'

// What one node reads of operations on several: it refuses them all, but a malformed one for what is wrong with it.

const key = untagged<unknown>('ShardKey', text, u64)
const move = struct('MoveShard', {
  shard_id: required(u32),
  from_peer_id: required(u64),
  to_peer_id: required(u64),
})
const oneKey = struct('ShardingKey', { shard_key: required(key) })

export const clusterOperation = untagged<object>(
  'ClusterOperations',
  ...['move_shard', 'replicate_shard', 'abort_transfer', 'restart_transfer'].map((name) => only(name, move)),
  only('drop_replica', struct('Replica', { shard_id: required(u32), peer_id: required(u64) })),
  only('create_sharding_key', oneKey),
  only('drop_sharding_key', oneKey),
  only(
    'replicate_points',
    struct('ReplicatePoints', { from_shard_key: required(key), to_shard_key: required(key) }),
  ),
  only('start_resharding', struct('StartResharding', { direction: required(oneOf('up', 'down')) })),
  only('abort_resharding', object),
  only('finish_resharding', object),
)

export const newShardKey = struct('CreateShardingKey', {
  shard_key: required(key),
  shards_number: optional(nonZeroU32),
  replication_factor: optional(nonZeroU32),
})

function only(name: string, decode: Decoder<object>): Decoder<object> {
  return struct<Record<string, object>>('ClusterOperation', { [name]: required(decode) })
}
