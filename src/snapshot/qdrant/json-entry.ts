import { JsonSyntaxError, parseJson, type JsonObject } from '../../encoding/json.ts'
import { invalidEntry } from '../archive/archive-error.ts'
import { JsonField } from '../json-field.ts'
import { readEntry } from './entry-bytes.ts'
import type { EntryBytes } from './types.ts'

const jsonBytesMax = 16 * 1024 * 1024

/** A small file of JSON. Its fields throw archive-invalid, naming the entry. @throws archive-invalid */
export async function parseEntryJson(entry: EntryBytes): Promise<JsonField> {
  if (entry.bytes > jsonBytesMax) throw invalidEntry(entry.name, `it has ${entry.bytes} bytes of JSON`)
  const bytes = await readEntry(entry)
  try {
    return new JsonField(parseJson(bytes), (path, why) =>
      invalidEntry(entry.name, `${path === '' ? 'it' : path} ${why}`),
    )
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalidEntry(entry.name, `it is not JSON: ${error.message}`)
    throw error
  }
}

/** A small file that holds one object. @throws archive-invalid */
export async function parseEntryObject(entry: EntryBytes): Promise<JsonObject> {
  return (await parseEntryJson(entry)).object() as JsonObject
}
