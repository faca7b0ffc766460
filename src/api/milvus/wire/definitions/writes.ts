// Changes of rows. In the notation of api/grpc/notation.ts.

export const writes = `
InsertRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4,
  fields_data [FieldData] 5, hash_keys [u32] 6, num_rows u32 7, schema_timestamp u64 8, namespace text? 9
MutationResult:
  status Status 1, IDs IDs 2, succ_index [u32] 3, err_index [u32] 4, acknowledged bool 5,
  insert_cnt i64 6, delete_cnt i64 7, upsert_cnt i64 8, timestamp u64 9
UpsertRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4,
  fields_data [FieldData] 5, hash_keys [u32] 6, num_rows u32 7, schema_timestamp u64 8,
  partial_update bool 9, namespace text? 10, field_ops [FieldPartialUpdateOp] 11
FieldPartialUpdateOp: field_name text 1, op FieldPartialUpdateOp_OpType 2
FieldPartialUpdateOp_OpType = REPLACE ARRAY_APPEND ARRAY_REMOVE
DeleteRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4, expr text 5,
  hash_keys [u32] 6, consistency_level ConsistencyLevel 7, expr_template_values {TemplateValue} 8,
  namespace text? 9
`
