import type { JsonObject, RawJson } from '../../../../index.ts'

const quote = 0x22
const backslash = 0x5c

/** A reader of one text of a payload, quick where it comes first, as it does in the payloads that this door writes. */
export function textReader(name: string): (payload: RawJson) => string | undefined {
  const start = Buffer.from(`{${JSON.stringify(name)}:"`)
  const slow = (payload: RawJson): string | undefined => {
    const value = (payload.value() as JsonObject)[name]
    return typeof value === 'string' ? value : undefined
  }
  return (payload) => {
    const bytes = payload.bytes()
    if (bytes.length < start.length) return slow(payload)
    for (let at = 0; at < start.length; at++) if (bytes[at] !== start[at]) return slow(payload)
    let end = start.length
    while (bytes[end] !== quote) {
      // Nothing else in a payload, which is valid JSON, comes before the end of the text.
      if (bytes[end] === backslash) return slow(payload)
      end += 1
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset + start.length, end - start.length).toString()
  }
}
