// Rows as columns, keys, and the values of filters and searches. In the notation of api/grpc/notation.ts.

export const columns = `
FieldData:
  type DataType 1, field_name text 2, (scalars ScalarField 3 | vectors VectorField 4
  | struct_arrays StructArrayField 8), field_id i64 5, is_dynamic bool 6, valid_data [bool] 7
ScalarField:
  (bool_data BoolArray 1 | int_data IntArray 2 | long_data LongArray 3 | float_data FloatArray 4
  | double_data DoubleArray 5 | string_data StringArray 6 | bytes_data BytesArray 7
  | array_data ArrayArray 8 | json_data JSONArray 9 | geometry_data GeometryArray 10
  | timestamptz_data TimestamptzArray 11 | geometry_wkt_data GeometryWktArray 12 | mol_data MolArray 13
  | mol_smiles_data MolSmilesArray 14 | date_data DateArray 15 | time_data TimeArray 16)
VectorField:
  dim i64 1, (float_vector FloatArray 2 | binary_vector bytes 3 | float16_vector bytes 4
  | bfloat16_vector bytes 5 | sparse_float_vector SparseFloatArray 6 | int8_vector bytes 7
  | vector_array VectorArray 8)
VectorArray: dim i64 1, data [VectorField] 2, element_type DataType 3
SparseFloatArray: contents [bytes] 1, dim i64 2
StructArrayField: fields [FieldData] 1
BoolArray: data [bool] 1
IntArray: data [i32] 1
LongArray: data [i64] 1
FloatArray: data [f32] 1
DoubleArray: data [f64] 1
StringArray: data [text] 1
BytesArray: data [bytes] 1
ArrayArray: data [ScalarField] 1, element_type DataType 2
JSONArray: data [bytes] 1
GeometryArray: data [bytes] 1
GeometryWktArray: data [text] 1
TimestamptzArray: data [i64] 1
MolArray: data [bytes] 1
MolSmilesArray: data [text] 1
DateArray: data [i32] 1
TimeArray: data [i64] 1
IDs: (int_id LongArray 1 | str_id StringArray 2)
TemplateValue:
  (bool_val bool 1 | int64_val i64 2 | float_val f64 3 | string_val text 4
  | array_val TemplateArrayValue 5 | bytes_val bytes 6)
TemplateArrayValue:
  (bool_data BoolArray 1 | long_data LongArray 2 | double_data DoubleArray 3 | string_data StringArray 4
  | array_data TemplateArrayValueArray 5 | json_data JSONArray 6)
TemplateArrayValueArray: data [TemplateArrayValue] 1
PlaceholderGroup: placeholders [PlaceholderValue] 1
PlaceholderValue: tag text 1, type PlaceholderType 2, values [bytes] 3, element_level bool 4
PlaceholderType =
  None BinaryVector:100 FloatVector Float16Vector BFloat16Vector SparseFloatVector Int8Vector Int64:5
  VarChar:21 EmbListBinaryVector:300 EmbListFloatVector EmbListFloat16Vector EmbListBFloat16Vector
  EmbListSparseFloatVector EmbListInt8Vector
`
