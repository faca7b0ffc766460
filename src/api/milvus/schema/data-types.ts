/** Numbers of Milvus' DataType. */
export const dataTypes = {
  Bool: 1,
  Int8: 2,
  Int16: 3,
  Int32: 4,
  Int64: 5,
  Float: 10,
  Double: 11,
  String: 20,
  VarChar: 21,
  Array: 22,
  JSON: 23,
  Geometry: 24,
  Text: 25,
  Timestamptz: 26,
  BinaryVector: 100,
  FloatVector: 101,
  Float16Vector: 102,
  BFloat16Vector: 103,
  SparseFloatVector: 104,
  Int8Vector: 105,
  ArrayOfVector: 106,
  ArrayOfStruct: 200,
  Struct: 201,
} as const

const names = new Map<number, string>(Object.entries(dataTypes).map(([name, number]) => [number, name]))

export const typeName = (type: number): string => names.get(type) ?? `DataType(${type})`

export const isVectorType = (type: number): boolean => type >= 100 && type <= 105
/** Also arrays of them, which are in structs. */
export const holdsVectors = (type: number): boolean => isVectorType(type) || type === dataTypes.ArrayOfVector
export const isDenseType = (type: number): boolean =>
  isVectorType(type) && type !== dataTypes.SparseFloatVector
export const isTextType = (type: number): boolean =>
  type === dataTypes.VarChar || type === dataTypes.Text || type === dataTypes.String
export const isIntegerType = (type: number): boolean => type >= dataTypes.Int8 && type <= dataTypes.Int64
