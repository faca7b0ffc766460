import { checkCollectionConfig } from '../../collection/checks/check-config.ts'
import type { View, ViewEntry } from '../../collection/view.ts'
import { parseJson } from '../../encoding/json.ts'
import { isDatabaseError } from '../../errors/database-error.ts'
import { isSparse, isMulti, type VectorValue } from '../../graph/vector-value.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { rowsFileName, vectorFileOf } from '../../segment/format.ts'
import { invalidEntry } from './archive-error.ts'
import { archiveFileName, manifestName, type ArchiveManifest } from './format.ts'

// Checksums say that an archive is what its maker wrote. What follows asks whether a client could have written it:
// the readers behind it take for granted what is checked at every write.

// Rows looked at between two looks at the event loop.
const sliceRows = 2_000

/** Configurations that `createCollection` would refuse must not get in, either. @throws archive-invalid */
export function checkConfigs({ collections }: ArchiveManifest): void {
  for (const { name, config } of collections) {
    try {
      checkCollectionConfig(config)
    } catch (error) {
      if (!isDatabaseError(error)) throw error
      const why = error.message.replace(/^Cannot create the collection: /, '')
      throw invalidEntry(manifestName, `the configuration of collection ${JSON.stringify(name)}: ${why}`)
    }
  }
}

/**
 * Payloads are JSON objects that the database's own parser reads, components of vectors are numbers (infinite ones are).
 * So is what the view does not show: indexes and merges read whole segments.
 * @throws archive-invalid naming the file and the point
 */
export async function checkContent(view: View): Promise<void> {
  let looked = 0
  const entries = new Map([...view.entries()].map((entry) => [entry.handle, entry]))
  for (const [handle, entry] of entries) {
    const { rowCount } = handle.rows
    for (let row = 0; row < rowCount; row++) {
      checkPayload(entry, row)
      looked += 1
      if (looked % sliceRows === 0) await yieldToEventLoop()
    }
    for (const [name, column] of handle.rows.vectors) {
      for (let row = 0; row < rowCount; row++) {
        const vector = column.get(row)
        if (vector !== undefined && hasNaN(vector)) {
          const why = `vector ${JSON.stringify(name)} of point ${String(handle.rows.pointIdAt(row))} has a component that is not a number`
          throw invalidEntry(fileOfVector(entry, name), why, { row })
        }
        looked += 1
        if (looked % sliceRows === 0) await yieldToEventLoop()
      }
    }
  }
}

function checkPayload({ handle }: ViewEntry, row: number): void {
  const bytes = handle.rows.payloadAt(row)
  if (bytes.byteLength === 0 || isJsonObject(bytes)) return
  const why = `the payload of point ${String(handle.rows.pointIdAt(row))} is no JSON object`
  throw invalidEntry(archiveFileName(handle.id, rowsFileName), why, { row })
}

function fileOfVector({ handle }: ViewEntry, vector: string): string {
  const file = handle.info === undefined ? undefined : vectorFileOf(handle.info, vector)
  return archiveFileName(handle.id, file?.name ?? rowsFileName)
}

function hasNaN(vector: VectorValue): boolean {
  const values = isSparse(vector) || isMulti(vector) ? vector.values : vector
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) return true
  return false
}

function isJsonObject(bytes: Uint8Array): boolean {
  try {
    const value = parseJson(bytes)
    // Exact numbers are objects of a class of their own.
    return Object.getPrototypeOf(value) === Object.prototype
  } catch {
    // What the parser says of it does not matter: it is none that a client could have written.
    return false
  }
}
