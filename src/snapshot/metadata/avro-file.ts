import { createHash } from 'node:crypto'
import avro, { type Schema, type Type } from 'avsc'

/** Making a type compiles code: once for each schema, and not for each of thousands of files. */
const types = new Map<Schema, { readonly type: Type; readonly text: string }>()

function typeOf(schema: Schema): { readonly type: Type; readonly text: string } {
  let known = types.get(schema)
  if (known === undefined) {
    known = { type: avro.Type.forSchema(schema), text: JSON.stringify(schema) }
    types.set(schema, known)
  }
  return known
}

/**
 * An Avro object container file. The sync marker, random as a rule, is taken from the records, so that the same
 * records give the same bytes.
 */
export async function encodeAvroFile(
  schema: Schema,
  records: readonly object[],
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const { type } = typeOf(schema)
  const hash = createHash('sha256')
  for (const record of records) hash.update(type.toBuffer(record))
  const options = {
    codec: 'null',
    syncMarker: hash.digest().subarray(0, 16),
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value)])),
    // Without it, a file of no records would lack its header.
    writeHeader: 'always',
  }
  const encoder = new avro.streams.BlockEncoder(
    schema,
    options as ConstructorParameters<typeof avro.streams.BlockEncoder>[1],
  )
  const parts: Uint8Array[] = []
  for (const record of records) encoder.write(record)
  encoder.end()
  for await (const part of encoder) parts.push(part as Uint8Array)
  return Buffer.concat(parts)
}

/** The records of a container file as `schema` sees them. @throws whatever the decoder finds wrong */
export async function decodeAvroFile(bytes: Uint8Array, schema: Schema): Promise<readonly unknown[]> {
  const { type, text } = typeOf(schema)
  // What this release wrote has the schema that it reads by; other files bring their own.
  const parseHook = (written: Schema): Type =>
    JSON.stringify(written) === text ? type : avro.Type.forSchema(written)
  const decoder = new avro.streams.BlockDecoder({ readerSchema: type, parseHook })
  decoder.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const records: unknown[] = []
  // Plain objects: avsc gives instances of classes that it makes for each record type.
  for await (const record of decoder) records.push(structuredClone(record))
  return records
}
