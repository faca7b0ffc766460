// The service Collections, except for its cluster. In the notation of api/grpc/notation.ts.

export const collections = `
CreateCollection:
  collection_name text 1, hnsw_config HnswConfigDiff? 4, wal_config WalConfigDiff? 5,
  optimizers_config OptimizersConfigDiff? 6, shard_number u32? 7, on_disk_payload bool? 8,
  timeout u64? 9, vectors_config VectorsConfig? 10, replication_factor u32? 11,
  write_consistency_factor u32? 12, quantization_config QuantizationConfig? 14,
  sharding_method ShardingMethod? 15, sparse_vectors_config SparseVectorConfig? 16,
  strict_mode_config StrictModeConfig? 17, metadata {Value} 18, payload PayloadStorageParams? 19
UpdateCollection:
  collection_name text 1, optimizers_config OptimizersConfigDiff? 2, timeout u64? 3,
  params CollectionParamsDiff? 4, hnsw_config HnswConfigDiff? 5,
  vectors_config VectorsConfigDiff? 6, quantization_config QuantizationConfigDiff? 7,
  sparse_vectors_config SparseVectorConfig? 8, strict_mode_config StrictModeConfig? 9,
  metadata {Value} 10
DeleteCollection: collection_name text 1, timeout u64? 2
CollectionOperationResponse: result bool 1, time f64 2
GetCollectionInfoRequest: collection_name text 1
GetCollectionInfoResponse: result CollectionInfo 1, time f64 2
CollectionInfo:
  status CollectionStatus 1, optimizer_status OptimizerStatus 2, segments_count u64 4,
  config CollectionConfig 7, payload_schema {PayloadSchemaInfo} 8, points_count u64? 9,
  indexed_vectors_count u64? 10, warnings [CollectionWarning] 11, update_queue UpdateQueueInfo 12
CollectionStatus = UnknownCollectionStatus Green Yellow Red Grey
OptimizerStatus: ok bool 1, error text 2
CollectionWarning: message text 1
PayloadSchemaInfo: data_type PayloadSchemaType 1, params PayloadIndexParams? 2, points u64? 3
UpdateQueueInfo: length u64 1, deferred_points u64? 2
ListCollectionsRequest: 
ListCollectionsResponse: collections [CollectionDescription] 1, time f64 2
CollectionDescription: name text 1
CollectionExistsRequest: collection_name text 1
CollectionExistsResponse: result CollectionExists 1, time f64 2
CollectionExists: exists bool 1
ChangeAliases: actions [AliasOperations] 1, timeout u64? 2
AliasOperations: (create_alias CreateAlias 1 | rename_alias RenameAlias 2 | delete_alias DeleteAlias 3)
CreateAlias: collection_name text 1, alias_name text 2
RenameAlias: old_alias_name text 1, new_alias_name text 2
DeleteAlias: alias_name text 1
ListAliasesRequest: 
ListCollectionAliasesRequest: collection_name text 1
ListAliasesResponse: aliases [AliasDescription] 1, time f64 2
AliasDescription: alias_name text 1, collection_name text 2
`
