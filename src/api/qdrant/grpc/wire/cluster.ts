// Shards and replicas, as far as the service Collections knows them. In the notation of api/grpc/notation.ts.

export const cluster = `
CollectionClusterInfoRequest: collection_name text 1
CollectionClusterInfoResponse:
  peer_id u64 1, shard_count u64 2, local_shards [LocalShardInfo] 3,
  remote_shards [RemoteShardInfo] 4, shard_transfers [ShardTransferInfo] 5,
  resharding_operations [ReshardingInfo] 6, time f64 7
ReplicaState =
  Active Dead Partial Initializing Listener PartialSnapshot Recovery Resharding ReshardingScaleDown
  ActiveRead ManualRecovery
LocalShardInfo: shard_id u32 1, points_count u64 2, state ReplicaState 3, shard_key ShardKey? 4
RemoteShardInfo: shard_id u32 1, peer_id u64 2, state ReplicaState 3, shard_key ShardKey? 4
ShardTransferInfo: shard_id u32 1, to_shard_id u32? 5, from u64 2, to u64 3, sync bool 4
ReshardingInfo: shard_id u32 1, peer_id u64 2, shard_key ShardKey? 3, direction ReshardingDirection 4
ReshardingDirection = Up Down
UpdateCollectionClusterSetupRequest:
  collection_name text 1, (move_shard MoveShard 2 | replicate_shard ReplicateShard 3
  | abort_transfer AbortShardTransfer 4 | drop_replica Replica 5 | create_shard_key CreateShardKey 7
  | delete_shard_key DeleteShardKey 8 | restart_transfer RestartTransfer 9
  | replicate_points ReplicatePoints 10), timeout u64? 6
UpdateCollectionClusterSetupResponse: result bool 1, time f64 2
MoveShard:
  shard_id u32 1, to_shard_id u32? 5, from_peer_id u64 2, to_peer_id u64 3,
  method ShardTransferMethod? 4
ReplicateShard:
  shard_id u32 1, to_shard_id u32? 5, from_peer_id u64 2, to_peer_id u64 3,
  method ShardTransferMethod? 4
AbortShardTransfer: shard_id u32 1, to_shard_id u32? 4, from_peer_id u64 2, to_peer_id u64 3
RestartTransfer:
  shard_id u32 1, to_shard_id u32? 5, from_peer_id u64 2, to_peer_id u64 3,
  method ShardTransferMethod 4
ReplicatePoints: from_shard_key ShardKey 1, to_shard_key ShardKey 2, filter Filter? 3
ShardTransferMethod = StreamRecords Snapshot WalDelta ReshardingStreamRecords
Replica: shard_id u32 1, peer_id u64 2
CreateShardKey:
  shard_key ShardKey 1, shards_number u32? 2, replication_factor u32? 3, placement [u64] 4,
  initial_state ReplicaState? 5
DeleteShardKey: shard_key ShardKey 1
CreateShardKeyRequest: collection_name text 1, request CreateShardKey 2, timeout u64? 3
CreateShardKeyResponse: result bool 1, time f64 2
DeleteShardKeyRequest: collection_name text 1, request DeleteShardKey 2, timeout u64? 3
DeleteShardKeyResponse: result bool 1, time f64 2
ListShardKeysRequest: collection_name text 1
ListShardKeysResponse: shard_keys [ShardKeyDescription] 1, time f64 2
ShardKeyDescription: key ShardKey 1
`
