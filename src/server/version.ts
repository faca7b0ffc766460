/** The version of this package; a test compares it with package.json. */
export const version = '0.1.0'

/** The release of Qdrant whose REST API is spoken. */
export const qdrantVersion = '1.19.0'

/** The release of Milvus whose gRPC API is spoken: the first with snapshots. */
export const milvusVersion = 'v3.0.0'
