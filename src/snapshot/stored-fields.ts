import { defaultPartition } from '../collection/partitions.ts'
import type { VectorParams } from '../collection/types.ts'
import { payloadIndexTypes, type PayloadIndexParams } from '../query/payload-index.ts'
import { stemmerLanguages, stopwordLanguages } from '../query/text/languages.ts'
import type { FullConfig } from '../collection/view.ts'
import type { JsonObject } from '../encoding/json.ts'
import { segmentIdOf, seqOf, type SequenceNumber } from '../ids/brands.ts'
import type { DeltaRef, ManifestEntry } from '../manifest/format.ts'
import type { SegmentFile, SegmentInfo } from '../segment/format.ts'
import type { JsonField } from './json-field.ts'

const fileNameText = /^[!-.0-[\]-~]{1,100}$/
const rowsMax = 2 ** 32 - 1
const dimensionsMax = 65_536
const shardsMax = 65_536
// Avro, which sealed snapshots are written in, has no form for the last safe integer in our library.
const seqMax = Number.MAX_SAFE_INTEGER - 1
const tokenBytesMax = 2 ** 31 - 1
const distances = ['Cosine', 'Dot', 'Euclid', 'Manhattan', 'Jaccard'] as const
const tokenizers = ['word', 'whitespace', 'prefix', 'multilingual'] as const

/** A file's name within its segment's folder: printable ASCII, no slash or backslash, no dot at its beginning. */
export function isFileNameInSegment(name: string): boolean {
  return fileNameText.test(name) && !name.startsWith('.')
}

export function decodeFileName(field: JsonField): string {
  const name = field.text()
  if (!isFileNameInSegment(name)) throw field.fail('cannot be the name of a file in a segment')
  return name
}

export function decodeSegmentFile(field: JsonField): SegmentFile {
  const vector = field.member('vector')
  return {
    name: decodeFileName(field.member('name')),
    bytes: field.member('bytes').count(),
    sha256: field.member('sha256').sha256(),
    ...(vector.isAbsent ? {} : { vector: vector.text() }),
  }
}

/** The number of a record, small enough to be written again. */
export function decodeSeq(field: JsonField): SequenceNumber {
  return seqOf(field.count(0, seqMax))
}

export function decodeSegmentInfo(field: JsonField): SegmentInfo {
  const info = {
    id: segmentIdOf(field.member('id').uuid()),
    rowCount: field.member('rowCount').count(0, rowsMax),
    minSeq: decodeSeq(field.member('minSeq')),
    maxSeq: decodeSeq(field.member('maxSeq')),
    formatVersion: field.member('formatVersion').count(1),
    files: field.member('files').array(decodeSegmentFile),
  }
  if (info.minSeq > info.maxSeq) throw field.member('minSeq').fail('is above maxSeq')
  return info
}

export function decodeDeltaRef(field: JsonField): DeltaRef {
  return {
    name: decodeFileName(field.member('name')),
    bytes: field.member('bytes').count(),
    sha256: field.member('sha256').sha256(),
    count: field.member('count').count(),
    upTo: decodeSeq(field.member('upTo')),
  }
}

export function decodeManifestEntry(field: JsonField): ManifestEntry {
  const rowsUpTo = field.member('rowsUpTo')
  return {
    segment: segmentIdOf(field.member('segment').uuid()),
    rowsUpTo: rowsUpTo.isNull ? null : decodeSeq(rowsUpTo),
    foreign: field.member('foreign').boolean(),
    inherited: field.member('inherited').array(decodeDeltaRef),
    deltas: field.member('deltas').array(decodeDeltaRef),
  }
}

/** A collection's configuration. Members that this release does not know are left out. */
export function decodeConfig(field: JsonField): FullConfig {
  return {
    vectors: field.member('vectors').record(decodeVectorParams),
    shardNumber: field.member('shardNumber').count(1, shardsMax),
    ...optional(field, 'partitions', decodePartitions),
    payloadIndexes: field.member('payloadIndexes').record(decodePayloadIndex),
    ...decodeSettings(field),
  }
}

function decodePartitions(field: JsonField): readonly (string | null)[] {
  const names = field.array((name) => (name.isNull ? null : name.name()))
  const given = names.filter((name) => name !== null)
  if (names[0] !== defaultPartition || new Set(given).size < given.length)
    throw field.fail(`does not begin with "${defaultPartition}" or has a name twice`)
  return names
}

function decodeVectorParams(field: JsonField): VectorParams {
  const isSparse = field.member('kind').isAbsent ? false : field.member('kind').text() === 'sparse'
  return {
    size: isSparse ? field.member('size').count(0, 0) : field.member('size').count(1, dimensionsMax),
    distance: field.member('distance').oneOf(distances),
    ...optional(field, 'kind', (member) => member.oneOf(['dense', 'sparse', 'multi'] as const)),
    ...optional(field, 'keepsLength', (member) => member.boolean()),
    ...optional(field, 'datatype', (member) => member.oneOf(['float32', 'float16', 'uint8'] as const)),
    ...optional(field, 'modifier', (member) => member.oneOf(['idf'] as const)),
    ...optional(field, 'column', (member) => member.text()),
    ...decodeSettings(field),
  }
}

function decodePayloadIndex(field: JsonField): PayloadIndexParams {
  const tokenizer = field.member('tokenizer')
  return {
    type: field.member('type').oneOf(payloadIndexTypes),
    ...(tokenizer.isAbsent ? {} : { tokenizer: tokenizer.oneOf(tokenizers) }),
    ...optional(field, 'asciiFolding', (member) => member.boolean()),
    ...optional(field, 'stopwords', (member) => member.array((word) => word.text())),
    ...optional(field, 'stopwordLanguages', (member) =>
      member.array((language) => language.oneOf(stopwordLanguages)),
    ),
    ...optional(field, 'stemmer', (member) => member.oneOf(stemmerLanguages)),
    ...optional(field, 'lowercase', (member) => member.boolean()),
    ...optional(field, 'minTokenLength', (member) => member.count(0, tokenBytesMax)),
    ...optional(field, 'maxTokenLength', (member) => member.count(0, tokenBytesMax)),
    ...optional(field, 'phraseMatching', (member) => member.boolean()),
    ...optional(field, 'lookup', (member) => member.boolean()),
    ...optional(field, 'range', (member) => member.boolean()),
    ...decodeSettings(field),
  }
}

/** What a front door remembers; the engine never looks inside. */
function decodeSettings(field: JsonField): { readonly settings?: JsonObject } {
  return optional(field, 'settings', (member) => member.object() as JsonObject)
}

function optional<const K extends string, T>(
  field: JsonField,
  name: K,
  decode: (member: JsonField) => T,
): { [key in K]?: T } {
  const member = field.member(name)
  return (member.isAbsent ? {} : { [name]: decode(member) }) as { [key in K]?: T }
}
