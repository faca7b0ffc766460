import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type * as Avsc from 'avsc'
import type { Schema, Type } from 'avsc'
import { asBuffer } from '../../encoding/binary.ts'
import { checkBlock, readContainer } from './avro-container.ts'

const require = createRequire(import.meta.url)
let loaded: typeof Avsc | undefined

/** Loaded when the first file is read or written: a start has none. */
const avro = (): typeof Avsc => (loaded ??= require('avsc') as typeof Avsc)

/** Making a type compiles code: once for each schema, and not for each of thousands of files. */
const types = new Map<Schema, { readonly type: Type; readonly text: string }>()

function typeOf(schema: Schema): { readonly type: Type; readonly text: string } {
  let known = types.get(schema)
  if (known === undefined) {
    known = { type: avro().Type.forSchema(schema), text: JSON.stringify(schema) }
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
  const encoder = new (avro().streams.BlockEncoder)(
    schema,
    options as ConstructorParameters<typeof Avsc.streams.BlockEncoder>[1],
  )
  const parts: Uint8Array[] = []
  for (const record of records) encoder.write(record)
  encoder.end()
  for await (const part of encoder) parts.push(part as Uint8Array)
  return Buffer.concat(parts)
}

interface Decoded {
  readonly value: unknown
  /** Behind it; negative if it is cut. */
  readonly offset: number
}

/** The records of a container file as `schema` sees them. @throws Error for what is wrong with it */
export function decodeAvroFile(bytes: Uint8Array, schema: Schema): readonly unknown[] {
  const { type, text } = typeOf(schema)
  const container = readContainer(asBuffer(bytes))
  // What this release wrote has the schema that it reads by; other files bring their own.
  const isOurs = JSON.stringify(container.schema) === text
  const resolver = isOurs ? undefined : type.createResolver(avro().Type.forSchema(container.schema as Schema))
  const records: unknown[] = []
  for (const block of container.blocks) {
    checkBlock(container.schema, block)
    let at = 0
    for (let left = block.records; left > 0; left--) {
      const { value, offset } = type.decode(block.bytes, at, resolver) as Decoded
      if (offset < 0) throw new Error('a record is cut')
      // Plain objects: avsc gives instances of classes that it makes for each record type.
      records.push(structuredClone(value))
      at = offset
    }
  }
  return records
}
