import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, unknownMember, type Members } from '../../errors/known-members.ts'
import type { PayloadIndexParams } from '../../query/payload-index.ts'
import { upsertModes, type UpsertMode } from '../points-batch.ts'
import type {
  CollectionConfig,
  PointInput,
  PointSelector,
  ScoredPoint,
  SettingsTarget,
  UpsertOptions,
  VectorParams,
  VectorsInput,
} from '../types.ts'

// Callers' objects are checked where they come in. Configurations that are already stored, and those of archives, are not: they
// may hold what an earlier version passed over.

// What reads give beside the id, vectors and payload is passed over, so that points can be written as they were read. Not so
// their partition: it would not be the one that they are written to.
const ofReadPoint: Members<Pick<ScoredPoint, 'version' | 'score' | 'orderValue'>> = {
  version: true,
  score: true,
  orderValue: true,
}
const ofVectors: Members<VectorsInput> = { id: true, vectors: true }
const ofPoint: Members<PointInput> = { ...ofVectors, payload: true }
const knownOfPoint = { ...ofReadPoint, ...ofPoint }
const knownOfVectors = { ...ofReadPoint, ...ofVectors }

// Comparing with three names costs half of looking each up, and this is done for every point that is written.
function hasOnly(point: object, isWhole: boolean): boolean {
  for (const name in point) {
    if (name !== 'id' && name !== 'vectors' && !(isWhole && name === 'payload')) return false
  }
  return true
}

/** `isWhole`: with its payload. @throws request-invalid naming the member and the point */
export function checkPointMembers(point: PointInput | VectorsInput, isWhole: boolean): void {
  if (hasOnly(point, isWhole)) return
  const member = unknownMember(point, isWhole ? knownOfPoint : knownOfVectors)
  if (member === undefined) return
  const there = isWhole ? 'id, vectors and payload' : 'id and vectors'
  const text = `Cannot write point ${String(point.id)}: it has the unknown member "${member}", beside ${there}`
  throw new DatabaseError('request-invalid', text, { id: point.id, member })
}

const ofUpdate: Members<Omit<UpsertOptions, 'mode'>> = { partition: true, condition: true }
const ofUpsert: Members<UpsertOptions> = { ...ofUpdate, mode: true }

/** @throws request-invalid naming the member */
export function checkWriteOptions(options: UpsertOptions, mode: UpsertMode): void {
  const known = mode === 'vectors' ? (ofUpdate as Members<UpsertOptions>) : ofUpsert
  checkMembers(options, known, { cannot: 'Cannot write points', of: 'their options' })
  if (upsertModes.includes(mode)) return
  throw new DatabaseError('request-invalid', `Cannot write points: there is no mode "${String(mode)}"`, {
    mode,
  })
}

const ofTarget: Members<SettingsTarget & { readonly path?: string }> = {
  partition: true,
  settings: true,
  path: true,
}
const ofSelector: Members<PointSelector> = { ids: true, filter: true }

/** @throws request-invalid naming the member, or if not exactly one of ids and filter is given */
export function checkSelection(selector: PointSelector, target: SettingsTarget): void {
  const cannot = 'Cannot change points'
  checkMembers(selector, ofSelector, { cannot, of: 'a selector' })
  checkMembers(target, ofTarget, { cannot, of: 'their options' })
  const given = selector as { readonly ids?: unknown; readonly filter?: unknown }
  if ((given.ids === undefined) !== (given.filter === undefined)) return
  throw new DatabaseError('request-invalid', `${cannot}: a selector has one of ids and filter`)
}

const ofConfig: Members<CollectionConfig> = {
  vectors: true,
  shardNumber: true,
  partitions: true,
  payloadIndexes: true,
  settings: true,
}
const ofVectorParams: Members<VectorParams> = {
  kind: true,
  size: true,
  distance: true,
  keepsLength: true,
  datatype: true,
  modifier: true,
  graph: true,
  onDisk: true,
  column: true,
  settings: true,
}
const ofIndex: Members<PayloadIndexParams> = {
  type: true,
  tokenizer: true,
  lowercase: true,
  minTokenLength: true,
  maxTokenLength: true,
  phraseMatching: true,
  asciiFolding: true,
  stopwords: true,
  stopwordLanguages: true,
  stemmer: true,
  lookup: true,
  range: true,
  settings: true,
}

/** Those of its vectors and indexes, too. @throws request-invalid naming the member */
export function checkConfigMembers(config: CollectionConfig): void {
  checkMembers(config, ofConfig, { cannot: 'Cannot create the collection', of: 'a configuration' })
  for (const [name, params] of Object.entries(config.vectors)) checkVectorMembers(name, params)
  for (const [field, params] of Object.entries(config.payloadIndexes ?? {})) checkIndexMembers(field, params)
}

/** @throws request-invalid naming the member */
export function checkVectorMembers(name: string, params: VectorParams): void {
  checkMembers(params, ofVectorParams, { cannot: `Cannot create vector "${name}"`, of: 'a vector' })
}

/** @throws request-invalid naming the member */
export function checkIndexMembers(field: string, params: PayloadIndexParams): void {
  checkMembers(params, ofIndex, { cannot: `Cannot index "${field}"`, of: 'an index' })
}
