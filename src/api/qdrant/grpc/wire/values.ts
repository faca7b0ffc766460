// Ids, payload values, times, vectors, and what most requests carry. In the notation of api/grpc/notation.ts.

export const values = `
PointId: (num u64 1 | uuid text 2)
Value:
  (null_value NullValue 1 | double_value f64 2 | integer_value i64 3 | string_value text 4
  | bool_value bool 5 | struct_value Struct 6 | list_value ListValue 7)
Struct: fields {Value} 1
ListValue: values [Value] 1
NullValue = NULL_VALUE
Timestamp: seconds i64 1, nanos i32 2
GeoPoint: lon f64 1, lat f64 2
ShardKey: (keyword text 1 | number u64 2)
ShardKeySelector: shard_keys [ShardKey] 1, fallback ShardKey? 2
ReadConsistency: (type ReadConsistencyType 1 | factor u64 2)
ReadConsistencyType = All Majority Quorum
WriteOrdering: type WriteOrderingType 1
WriteOrderingType = Weak Medium Strong
Vector:
  data [f32] 1, indices SparseIndices? 2, vectors_count u32? 3, (dense DenseVector 101
  | sparse SparseVector 102 | multi_dense MultiDenseVector 103 | document Document 104
  | image Image 105 | object InferenceObject 106)
DenseVector: data [f32] 1
SparseVector: values [f32] 1, indices [u32] 2
SparseIndices: data [u32] 1
MultiDenseVector: vectors [DenseVector] 1
Document: text text 1, model text 3, options {Value} 4
Image: image Value 1, model text 2, options {Value} 3
InferenceObject: object Value 1, model text 2, options {Value} 3
NamedVectors: vectors {Vector} 1
Vectors: (vector Vector 1 | vectors NamedVectors 2)
VectorOutput:
  data [f32] 1, indices SparseIndices? 2, vectors_count u32? 3, (dense DenseVector 101
  | sparse SparseVector 102 | multi_dense MultiDenseVector 103)
NamedVectorsOutput: vectors {VectorOutput} 1
VectorsOutput: (vector VectorOutput 1 | vectors NamedVectorsOutput 2)
WithPayloadSelector:
  (enable bool 1 | include PayloadIncludeSelector 2 | exclude PayloadExcludeSelector 3)
PayloadIncludeSelector: fields [text] 1
PayloadExcludeSelector: fields [text] 1
WithVectorsSelector: (enable bool 1 | include VectorsSelector 2)
VectorsSelector: names [text] 1
`
