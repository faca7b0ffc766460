// Schemas of collections. In the notation of api/grpc/notation.ts.

export const schemas = `
CollectionSchema:
  name text 1, description text 2, autoID bool 3, fields [FieldSchema] 4, enable_dynamic_field bool 5,
  properties [KeyValuePair] 6, functions [FunctionSchema] 7, dbName text 8,
  struct_array_fields [StructArrayFieldSchema] 9, version i32 10, external_source text 11,
  external_spec text 12, do_physical_backfill bool 13, file_resource_ids [i64] 14,
  enable_namespace bool 15
FieldSchema:
  fieldID i64 1, name text 2, is_primary_key bool 3, description text 4, data_type DataType 5,
  type_params [KeyValuePair] 6, index_params [KeyValuePair] 7, autoID bool 8, state FieldState 9,
  element_type DataType 10, default_value ValueField 11, is_dynamic bool 12, is_partition_key bool 13,
  is_clustering_key bool 14, nullable bool 15, is_function_output bool 16, external_field text 17
StructArrayFieldSchema:
  fieldID i64 1, name text 2, description text 3, fields [FieldSchema] 4, type_params [KeyValuePair] 5,
  nullable bool 6
FunctionSchema:
  name text 1, id i64 2, description text 3, type FunctionType 4, input_field_names [text] 5,
  input_field_ids [i64] 6, output_field_names [text] 7, output_field_ids [i64] 8, params [KeyValuePair] 9
FunctionType = Unknown BM25 TextEmbedding Rerank MinHash MolFingerprint
FieldState = FieldCreated FieldCreating FieldDropping FieldDropped
DataType =
  None Bool Int8 Int16 Int32 Int64 Float:10 Double String:20 VarChar Array JSON Geometry Text Timestamptz
  Mol Date Time Decimal BinaryVector:100 FloatVector Float16Vector BFloat16Vector SparseFloatVector
  Int8Vector ArrayOfVector ArrayOfStruct:200 Struct
ValueField:
  (bool_data bool 1 | int_data i32 2 | long_data i64 3 | float_data f32 4 | double_data f64 5
  | string_data text 6 | bytes_data bytes 7 | timestamptz_data i64 8 | date_data i32 9 | time_data i64 10)
FunctionScore: functions [FunctionSchema] 1, params [KeyValuePair] 2
`
