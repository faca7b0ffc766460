import { seqOf } from '../../src/ids/brands.ts'
import type { FileLog } from '../../src/log/file-log.ts'

/** A log's records from a number on, as `seq type body`. */
export async function recordsOf(log: FileLog, from = 1): Promise<string[]> {
  const found: string[] = []
  for await (const { seq, type, body } of log.replay(seqOf(from))) {
    found.push(`${seq} ${type} ${Buffer.from(body).toString()}`)
  }
  return found
}

/** Appends one record with a text. */
export function appendText(log: FileLog, text: string, type = 1): Promise<number> {
  return log.append(type, [Buffer.from(text)])
}
