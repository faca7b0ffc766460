import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { definitions } from './messages.ts'
import { rpcs } from './rpcs.ts'

// The definitions against those that Milvus' own Node SDK carries. Its members are in camel case.

interface Field {
  readonly type: string
  readonly id: number
  readonly rule?: string
  readonly keyType?: string
  readonly options?: { readonly proto3_optional?: boolean }
}

interface Definition {
  readonly fields?: Readonly<Record<string, Field>>
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>
  readonly values?: Readonly<Record<string, number>>
  readonly methods?: Readonly<Record<string, Method>>
  readonly nested?: Readonly<Record<string, Definition>>
}

interface Method {
  readonly requestType: string
  readonly responseType: string
  readonly requestStream?: boolean
  readonly responseStream?: boolean
}

const path = '@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.base.js'
const sdk = (createRequire(import.meta.url)(path) as { default: Definition }).default
const packages = sdk.nested?.['milvus']?.nested?.['proto']?.nested ?? {}

/** Definitions by name; one inside another is called `Outer_Inner`. */
function flat(nested: Readonly<Record<string, Definition>>, outer = ''): [name: string, Definition][] {
  return Object.entries(nested).flatMap(([name, one]) => [
    [outer + name, one] as [string, Definition],
    ...flat(one.nested ?? {}, `${outer}${name}_`),
  ])
}

const theirs = Object.fromEntries(
  // Names that two packages have are ours from the first of them.
  ['msg', 'feder', 'rg', 'common', 'schema', 'milvus'].flatMap((name) => flat(packages[name]?.nested ?? {})),
)
const ours = definitions() as Readonly<Record<string, Definition>>

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())
const lastWord = (type: string, outer: string): string => {
  const word = type.split('.').at(-1) ?? type
  return Object.hasOwn(theirs, `${outer}_${word}`) ? `${outer}_${word}` : word
}

/** A line for each member, that says all about it. */
function describe(name: string, definition: Definition): string[] {
  const { fields, oneofs = {}, values } = definition
  if (values !== undefined)
    return Object.entries(values).map(([member, value]) => `${name}.${member} = ${value}`)
  const choices = Object.values(oneofs).map(({ oneof }) => oneof.map(camel))
  return Object.entries(fields ?? {}).map(([field, { type, id, rule, keyType, options }]) => {
    const own = camel(field)
    const choice = choices.find((members) => members.includes(own)) ?? []
    const set = options?.proto3_optional === true ? ' optional' : ` of ${[...choice].sort().join('|')}`
    // One of a message's outer scope is looked up from the message.
    const outer = Object.hasOwn(theirs, `${name}_${type}`) ? name : (name.split('_')[0] ?? name)
    const typed = `${keyType ?? ''} ${rule ?? ''} ${lastWord(type, outer)}`
    return `${name}.${own.toLowerCase()} ${id}:${typed}${choice.length > 0 ? set.toLowerCase() : ''}`
  })
}

/** `-` is missing on our side, `+` is not there on theirs. */
function differences(name: string): string[] {
  const mine = ours[name]
  const other = theirs[name]
  if (mine === undefined) return [`- ${name}`]
  if (other === undefined) return [`+ ${name}`]
  const [left, right] = [describe(name, mine), describe(name, other)]
  return [
    ...right.filter((line) => !left.includes(line)).map((line) => `- ${line}`),
    ...left.filter((line) => !right.includes(line)).map((line) => `+ ${line}`),
  ]
}

/** What pymilvus 3.0.2 knows, and the SDK of this version does not. */
const newer = [
  'MsgType.GetExportSnapshotState = 2111',
  'GetPersistentSegmentInfoRequest.states 4: repeated SegmentState',
  'PersistentSegmentInfo.insertchannel 9:  string',
  'PersistentSegmentInfo.compactionfrom 10: repeated int64',
  'GetCompactionPlansRequest.dbname 2:  string',
  'GetCompactionPlansRequest.collectionname 3:  string',
  'GetCompactionPlansRequest.collectionid 4:  int64',
  'CompactionMergeInfo.planid 3:  int64',
  'CompactionMergeInfo.triggerid 4:  int64',
  'CompactionMergeInfo.collectionid 5:  int64',
  'CompactionMergeInfo.partitionid 6:  int64',
  'CompactionMergeInfo.channel 7:  string',
  'CompactionMergeInfo.type 8:  CompactionType',
  'CompactionMergeInfo.state 9:  CompactionTaskState',
  'CompactionMergeInfo.failurereason 10:  string',
  'CompactionMergeInfo.targets 11: repeated int64',
  'CompactionType',
  'CompactionTaskState',
  'ExportSnapshotResponse.jobid 3:  int64',
  'GetExportSnapshotStateRequest',
  'GetExportSnapshotStateResponse',
  'ExportSnapshotInfo',
  'ExportSnapshotState',
].map((line) => `+ ${line}`)

test('every message and enum is as the SDK has it', () => {
  expect(Object.keys(ours).length).toBeGreaterThan(300)
  expect(Object.keys(ours).flatMap(differences)).toEqual(newer)
})

test("every procedure of the SDK's service is there, with the same messages", () => {
  const methods = packages['milvus']?.nested?.['MilvusService']?.methods ?? {}
  const lines = Object.entries(methods).map(([name, method]) =>
    [
      name,
      method.requestType.split('.').at(-1),
      method.responseType.split('.').at(-1),
      method.requestStream === true,
      method.responseStream === true,
    ].join(' '),
  )
  const known = Object.entries(rpcs).map(([name, { request, response, streams }]) =>
    [name, request, response, streams?.request === true, streams?.response === true].join(' '),
  )
  expect(lines.length).toBeGreaterThan(100)
  expect(lines.filter((line) => !known.includes(line))).toEqual([])
})

test('a difference is found', () => {
  expect(describe('X', { fields: { a_b: { type: 'int64', id: 2, rule: 'repeated' } } })).toEqual(
    describe('X', { fields: { aB: { type: 'int64', id: 2, rule: 'repeated' } } }),
  )
  expect(describe('X', { fields: { a: { type: 'int64', id: 2 } } })).not.toEqual(
    describe('X', { fields: { a: { type: 'int64', id: 3 } } }),
  )
  expect(differences('NoSuchMessage')).toEqual(['- NoSuchMessage'])
})
