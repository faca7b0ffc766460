// What a collection is made with: vectors, quantization, limits, payload indexes. In the notation of api/grpc/notation.ts.

export const settings = `
Distance = UnknownDistance Cosine Euclid Dot Manhattan
Datatype = Default Float32 Uint8 Float16 Turbo4
Memory = MemoryUnknown Cold Cached Pinned
Modifier = None Idf
MultiVectorComparator = MaxSim
MultiVectorConfig: comparator MultiVectorComparator 1
ShardingMethod = Auto Custom
VectorParams:
  size u64 1, distance Distance 2, hnsw_config HnswConfigDiff? 3,
  quantization_config QuantizationConfig? 4, on_disk bool? 5, datatype Datatype? 6,
  multivector_config MultiVectorConfig? 7, memory Memory? 8
VectorParamsMap: map {VectorParams} 1
VectorsConfig: (params VectorParams 1 | params_map VectorParamsMap 2)
VectorParamsDiff:
  hnsw_config HnswConfigDiff? 1, quantization_config QuantizationConfigDiff? 2, on_disk bool? 3,
  memory Memory? 4
VectorParamsDiffMap: map {VectorParamsDiff} 1
VectorsConfigDiff: (params VectorParamsDiff 1 | params_map VectorParamsDiffMap 2)
SparseIndexConfig: full_scan_threshold u64? 1, on_disk bool? 2, datatype Datatype? 3, memory Memory? 4
SparseVectorParams: index SparseIndexConfig? 1, modifier Modifier? 2
SparseVectorConfig: map {SparseVectorParams} 1
HnswConfigDiff:
  m u64? 1, ef_construct u64? 2, full_scan_threshold u64? 3, max_indexing_threads u64? 4,
  on_disk bool? 5, payload_m u64? 6, inline_storage bool? 7, memory Memory? 8
WalConfigDiff: wal_capacity_mb u64? 1, wal_segments_ahead u64? 2, wal_retain_closed u64? 3
OptimizersConfigDiff:
  deleted_threshold f64? 1, vacuum_min_vector_number u64? 2, default_segment_number u64? 3,
  max_segment_size u64? 4, memmap_threshold u64? 5, indexing_threshold u64? 6,
  flush_interval_sec u64? 7, deprecated_max_optimization_threads u64? 8,
  max_optimization_threads MaxOptimizationThreads? 9, prevent_unoptimized bool? 10
MaxOptimizationThreads: (value u64 1 | setting MaxOptimizationThreadsSetting 2)
MaxOptimizationThreadsSetting = Auto
QuantizationType = UnknownQuantization Int8
CompressionRatio = x4 x8 x16 x32 x64
BinaryQuantizationEncoding = OneBit TwoBits OneAndHalfBits
BinaryQuantizationQueryEncoding: (setting BinaryQuantizationQueryEncodingSetting 4)
BinaryQuantizationQueryEncodingSetting = Default Binary Scalar4Bits Scalar8Bits
TurboQuantBitSize = Bits1 Bits1_5 Bits2 Bits4
ScalarQuantization: type QuantizationType 1, quantile f32? 2, always_ram bool? 3, memory Memory? 4
ProductQuantization: compression CompressionRatio 1, always_ram bool? 2, memory Memory? 3
BinaryQuantization:
  always_ram bool? 1, encoding BinaryQuantizationEncoding? 2,
  query_encoding BinaryQuantizationQueryEncoding? 3, memory Memory? 4
TurboQuantization: always_ram bool? 1, bits TurboQuantBitSize? 2, memory Memory? 3
QuantizationConfig:
  (scalar ScalarQuantization 1 | product ProductQuantization 2 | binary BinaryQuantization 3
  | turboquant TurboQuantization 4)
Disabled: 
QuantizationConfigDiff:
  (scalar ScalarQuantization 1 | product ProductQuantization 2 | disabled Disabled 3
  | binary BinaryQuantization 4 | turboquant TurboQuantization 5)
StrictModeConfig:
  enabled bool? 1, max_query_limit u32? 2, max_timeout u32? 3, unindexed_filtering_retrieve bool? 4,
  unindexed_filtering_update bool? 5, search_max_hnsw_ef u32? 6, search_allow_exact bool? 7,
  search_max_oversampling f32? 8, upsert_max_batchsize u64? 9, search_max_batchsize u64? 20,
  max_collection_vector_size_bytes u64? 10, read_rate_limit u32? 11, write_rate_limit u32? 12,
  max_collection_payload_size_bytes u64? 13, filter_max_conditions u64? 14,
  condition_max_size u64? 15, multivector_config StrictModeMultivectorConfig? 16,
  sparse_config StrictModeSparseConfig? 17, max_points_count u64? 18,
  max_payload_index_count u64? 19, max_resident_memory_percent u32? 21
StrictModeSparseConfig: sparse_config {StrictModeSparse} 1
StrictModeSparse: max_length u64? 10
StrictModeMultivectorConfig: multivector_config {StrictModeMultivector} 1
StrictModeMultivector: max_vectors u64? 1
PayloadStorageParams: memory Memory? 1
CollectionParams:
  shard_number u32 3, on_disk_payload bool 4, vectors_config VectorsConfig? 5,
  replication_factor u32? 6, write_consistency_factor u32? 7, read_fan_out_factor u32? 8,
  sharding_method ShardingMethod? 9, sparse_vectors_config SparseVectorConfig? 10,
  read_fan_out_delay_ms u64? 11, payload PayloadStorageParams? 12
CollectionParamsDiff:
  replication_factor u32? 1, write_consistency_factor u32? 2, on_disk_payload bool? 3,
  read_fan_out_factor u32? 4, read_fan_out_delay_ms u64? 5, payload PayloadStorageParams? 6
CollectionConfig:
  params CollectionParams 1, hnsw_config HnswConfigDiff 2, optimizer_config OptimizersConfigDiff 3,
  wal_config WalConfigDiff 4, quantization_config QuantizationConfig? 5,
  strict_mode_config StrictModeConfig? 6, metadata {Value} 7
FieldType =
  FieldTypeKeyword FieldTypeInteger FieldTypeFloat FieldTypeGeo FieldTypeText FieldTypeBool
  FieldTypeDatetime FieldTypeUuid
PayloadSchemaType = UnknownType Keyword Integer Float Geo Text Bool Datetime Uuid
TokenizerType = Unknown Prefix Whitespace Word Multilingual
KeywordIndexParams:
  is_tenant bool? 1, on_disk bool? 2, enable_hnsw bool? 3, prefix KeywordPrefixParams? 4,
  memory Memory? 5
KeywordPrefixParams: 
IntegerIndexParams:
  lookup bool? 1, range bool? 2, is_principal bool? 3, on_disk bool? 4, enable_hnsw bool? 5,
  memory Memory? 6
FloatIndexParams: on_disk bool? 1, is_principal bool? 2, enable_hnsw bool? 3, memory Memory? 4
GeoIndexParams: on_disk bool? 1, enable_hnsw bool? 2, memory Memory? 3
TextIndexParams:
  tokenizer TokenizerType 1, lowercase bool? 2, min_token_len u64? 3, max_token_len u64? 4,
  on_disk bool? 5, stopwords StopwordsSet? 6, phrase_matching bool? 7, stemmer StemmingAlgorithm? 8,
  ascii_folding bool? 9, enable_hnsw bool? 10, memory Memory? 11
StopwordsSet: languages [text] 1, custom [text] 2
StemmingAlgorithm: (snowball SnowballParams 1 | disabled DisabledStemmer 2)
SnowballParams: language text 1
DisabledStemmer: 
BoolIndexParams: on_disk bool? 1, enable_hnsw bool? 2, memory Memory? 3
DatetimeIndexParams: on_disk bool? 1, is_principal bool? 2, enable_hnsw bool? 3, memory Memory? 4
UuidIndexParams: is_tenant bool? 1, on_disk bool? 2, enable_hnsw bool? 3, memory Memory? 4
PayloadIndexParams:
  (keyword_index_params KeywordIndexParams 3 | integer_index_params IntegerIndexParams 2
  | float_index_params FloatIndexParams 4 | geo_index_params GeoIndexParams 5
  | text_index_params TextIndexParams 1 | bool_index_params BoolIndexParams 6
  | datetime_index_params DatetimeIndexParams 7 | uuid_index_params UuidIndexParams 8)
`
