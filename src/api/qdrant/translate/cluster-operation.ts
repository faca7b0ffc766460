import type { ShardKey } from '../../../index.ts'
import {
  DecodeError,
  integerOf,
  list,
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

// Operations on a cluster, of which a node alone does those on shard keys. All are read, so that a malformed one is refused for
// what is wrong with it.

export interface Transfer {
  readonly shard_id: number
  readonly from_peer_id: number
  readonly to_peer_id: number
}

export interface NewShardKey {
  readonly shard_key: ShardKey
  readonly placement: readonly number[] | undefined
}

export type ClusterOperation =
  | { readonly kind: 'start_transfer' | 'end_transfer'; readonly name: string; readonly transfer: Transfer }
  | {
      readonly kind: 'drop_replica'
      readonly replica: { readonly shard_id: number; readonly peer_id: number }
    }
  | { readonly kind: 'create_sharding_key'; readonly given: NewShardKey }
  | { readonly kind: 'drop_sharding_key'; readonly key: ShardKey }
  | { readonly kind: 'replicate_points' | 'start_resharding' | 'end_resharding' }

const key = untagged<ShardKey>('ShardKey', text, (value) => {
  const integer = integerOf(value)
  if (integer === undefined || integer < 0) throw new DecodeError('no key', 'after')
  return integer
})
const transfer = struct<Transfer>('MoveShard', {
  shard_id: required(u32),
  from_peer_id: required(u64),
  to_peer_id: required(u64),
})

/** The body of PUT shards; how many shards and replicas there are is the collection's business here. */
export const newShardKey = struct('CreateShardingKey', {
  shard_key: required(key),
  shards_number: optional(nonZeroU32),
  replication_factor: optional(nonZeroU32),
  placement: optional(list(u64)),
  initial_state: optional(text),
})
export const droppedShardKey = struct('DropShardingKey', { shard_key: required(key) })

export const clusterOperation = untagged<ClusterOperation>(
  'ClusterOperations',
  ...['move_shard', 'replicate_shard'].map((name) =>
    only(name, transfer, (given) => ({ kind: 'start_transfer', name, transfer: given })),
  ),
  ...['abort_transfer', 'restart_transfer'].map((name) =>
    only(name, transfer, (given) => ({ kind: 'end_transfer', name, transfer: given })),
  ),
  only('drop_replica', struct('Replica', { shard_id: required(u32), peer_id: required(u64) }), (replica) => ({
    kind: 'drop_replica',
    replica,
  })),
  only('create_sharding_key', newShardKey, (given) => ({ kind: 'create_sharding_key', given })),
  only('drop_sharding_key', droppedShardKey, (given) => ({
    kind: 'drop_sharding_key',
    key: given.shard_key,
  })),
  only(
    'replicate_points',
    struct('ReplicatePoints', { from_shard_key: required(key), to_shard_key: required(key) }),
    () => ({ kind: 'replicate_points' }),
  ),
  only('start_resharding', struct('StartResharding', { direction: required(oneOf('up', 'down')) }), () => ({
    kind: 'start_resharding',
  })),
  only('abort_resharding', object, () => ({ kind: 'end_resharding' })),
  only('finish_resharding', object, () => ({ kind: 'end_resharding' })),
)

function only<T extends object>(
  name: string,
  decode: Decoder<T>,
  operationOf: (given: T) => ClusterOperation,
): Decoder<ClusterOperation> {
  const decodeOne = struct<Record<string, T>>('ClusterOperation', { [name]: required(decode) })
  return (value) => operationOf(decodeOne(value)[name]!)
}
