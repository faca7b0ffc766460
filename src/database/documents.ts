import { stringifyJson, type JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { Engine } from './engine.ts'

/** Bytes of JSON text of one document: all of them are in memory, and in every checkpoint of the catalog. */
const bytesMax = 262_144
const nameBytesMax = 1_024

/**
 * Small things that whoever builds on the database wants to keep with it, by name: settings, users, states. Each change
 * is one log record. They belong to the store: snapshots, clones and archives do not hold them.
 */
export class Documents {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Undefined if there is none. */
  get(name: string): JsonValue | undefined {
    this.#engine.checkOpen()
    return this.#engine.parts.catalog.document('user', name)
  }

  /** Name and value of each whose name begins with `prefix`, in no order that means anything. */
  list(prefix = ''): readonly (readonly [name: string, value: JsonValue])[] {
    this.#engine.checkOpen()
    const named = this.#engine.parts.catalog.documents.get('user') ?? new Map<string, JsonValue>()
    return [...named].filter(([name]) => name.startsWith(prefix))
  }

  /** Durable when it returns. Replaces the one of that name. @throws request-invalid */
  async put(name: string, value: JsonValue): Promise<void> {
    if (name === '' || Buffer.byteLength(name) > nameBytesMax) {
      const text = `Cannot keep a document: its name has ${Buffer.byteLength(name)} bytes, not 1 to ${nameBytesMax}`
      throw new DatabaseError('request-invalid', text, { name })
    }
    const bytes = value === null ? 0 : Buffer.byteLength(stringifyJson(value))
    if (value === null || bytes > bytesMax) {
      const why = value === null ? 'it is null' : `it has ${bytes} bytes, more than ${bytesMax}`
      throw new DatabaseError('request-invalid', `Cannot keep the document "${name}": ${why}`, {
        name,
        bytes,
      })
    }
    await this.#engine.submit({ type: 'document', kind: 'user', name, value })
  }

  /** False if there was none. */
  async delete(name: string): Promise<boolean> {
    if (this.get(name) === undefined) return false
    await this.#engine.submit({ type: 'document', kind: 'user', name, value: null })
    return true
  }
}
