import { describe, expect, test } from 'vitest'
import { rpcs } from '../wire/rpcs.ts'
import { decodeMessage, encodeMessage } from '../wire/messages.ts'
import { answer } from '../milvus-server.ts'
import { openMilvusDoor, type MilvusDoor } from '../door.ts'
import { authenticateToken } from './authenticate.ts'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const milvus = milvusForEachTest()

interface Answer {
  readonly code: number
  readonly reason: string
  readonly [member: string]: unknown
}

/** Calls as a user who was recognized. */
async function as(
  user: string,
  rpc: string,
  request: object = {},
  database = '',
  by: 'password' | 'key' = 'password',
): Promise<Answer> {
  const { request: type, response } = rpcs[rpc]!
  const call = { database, user, by, metadata: {} }
  const bytes = await answer(milvus.door, rpc, encodeMessage(type, request), call, (error) => {
    throw error
  })
  const message = decodeMessage(response, bytes)
  const status = (message['status'] ?? message) as Answer
  return Object.assign(Object.create(message) as Answer, { code: status.code, reason: status.reason })
}

const must = async (rpc: string, request: object): Promise<void> => {
  expect(await as('root', rpc, request)).toMatchObject({ code: 0, reason: '' })
}

async function makeReader(): Promise<void> {
  await must('CreateCredential', { username: 'ann', password: base64('secret-1') })
  await must('CreateRole', { entity: { name: 'reader' } })
  await must('OperateUserRole', { username: 'ann', role_name: 'reader', type: 0 })
}

const grantV2 = (privilege: string, database = 'default', collection = '*', role = 'reader'): object => ({
  role: { name: role },
  grantor: { privilege: { name: privilege } },
  type: 0,
  db_name: database,
  collection_name: collection,
})

const makeCollection = (name: string): Promise<void> =>
  must('CreateCollection', collectionOf(name, [primaryKey(), field('v', 'FloatVector', { dim: 2 })]))

const guarded = (more: Partial<MilvusDoor>): MilvusDoor => openMilvusDoor({ ...milvus.door, ...more })

describe('who calls', () => {
  test('everybody is let in where no key is set and nothing else was asked for', async () => {
    expect(await authenticateToken(milvus.door, '')).toEqual({ user: undefined })
  })

  test('the root user has the known password until it is changed', async () => {
    const door = guarded({ authorization: true })
    expect(await authenticateToken(door, 'root:Milvus')).toEqual({ user: 'root', by: 'password' })
    expect(await authenticateToken(door, 'root:milvus')).toBeUndefined()
    expect(await authenticateToken(door, '')).toBeUndefined()
    await must('UpdateCredential', {
      username: 'root',
      oldPassword: base64('Milvus'),
      newPassword: base64('another'),
    })
    expect(await authenticateToken(door, 'root:Milvus')).toBeUndefined()
    expect(await authenticateToken(door, 'root:another')).toEqual({ user: 'root', by: 'password' })
  })

  test('the known password is none where there is a key', async () => {
    const door = guarded({ apiKeys: ['key-1'] })
    expect(await authenticateToken(door, 'root:Milvus')).toBeUndefined()
    expect(await authenticateToken(door, 'key-1')).toEqual({ user: 'root', by: 'key' })
    expect(await authenticateToken(door, 'root:key-1')).toEqual({ user: 'root', by: 'key' })
    expect(await authenticateToken(door, 'key-2')).toBeUndefined()
    expect(await authenticateToken(guarded({ readOnlyApiKeys: ['r'] }), 'r')).toMatchObject({
      by: 'read-only-key',
    })
  })

  test('a password that was right is wrong once it is changed or the user is gone', async () => {
    const door = guarded({ authorization: true })
    await makeReader()
    const right = { user: 'ann', by: 'password' }
    expect(await authenticateToken(door, 'ann:secret-1')).toEqual(right)
    expect(await authenticateToken(door, 'ann:secret-1')).toEqual(right)
    const change = { username: 'ann', oldPassword: base64('secret-1'), newPassword: base64('secret-2') }
    expect(await as('ann', 'UpdateCredential', change)).toMatchObject({ code: 0 })
    expect(await as('ann', 'UpdateCredential', change)).toMatchObject({
      code: 1400,
      reason: 'old password not correct for ann: not authenticated',
    })
    expect(await authenticateToken(door, 'ann:secret-1')).toBeUndefined()
    expect(await authenticateToken(door, 'ann:secret-2')).toEqual(right)
    await must('DeleteCredential', { username: 'ann' })
    expect(await authenticateToken(door, 'ann:secret-2')).toBeUndefined()
  })

  test('who has a key sets a password without the old one, others do not', async () => {
    await makeReader()
    const reset = { username: 'ann', oldPassword: '', newPassword: base64('secret-3') }
    expect(await as('root', 'UpdateCredential', reset)).toMatchObject({ code: 1400 })
    expect(await as('root', 'UpdateCredential', reset, '', 'key')).toMatchObject({ code: 0 })
    expect(await authenticateToken(guarded({ authorization: true }), 'ann:secret-3')).toMatchObject({
      user: 'ann',
    })
  })

  test('grants are told of one database, with those of all of them, or of all', async () => {
    await makeReader()
    for (const db_name of ['default', 'shop', '*'])
      await must('OperatePrivilegeV2', { ...grantV2('Search'), db_name })
    const of = async (db_name: string, database = ''): Promise<unknown> => {
      const entity = { role: { name: 'reader' }, db_name }
      const { entities } = await as('root', 'SelectGrant', { entity }, database)
      return (entities as { db_name: string }[]).map((one) => one.db_name).sort()
    }
    expect(await of('')).toEqual(['*', 'default'])
    expect(await of('', 'shop')).toEqual(['*', 'shop'])
    expect(await of('shop')).toEqual(['*', 'shop'])
    expect(await of('*')).toEqual(['*', 'default', 'shop'])
  })

  test('users and grants are there after a restart, passwords are not', async () => {
    await makeReader()
    await must('OperatePrivilegeV2', grantV2('Search'))
    expect(JSON.stringify(milvus.database.documents.list())).not.toContain('secret-1')
    await milvus.restart()
    const door = guarded({ authorization: true })
    expect(await authenticateToken(door, 'ann:secret-1')).toMatchObject({ user: 'ann' })
    const grants = await as('root', 'SelectGrant', { entity: { role: { name: 'reader' } } })
    expect(grants['entities']).toMatchObject([
      { object: { name: 'Collection' }, object_name: '*', db_name: 'default' },
    ])
  })
})

describe('users and roles', () => {
  test('what is built in', async () => {
    expect((await as('root', 'ListCredUsers'))['usernames']).toEqual(['root'])
    expect((await as('root', 'SelectRole'))['results']).toMatchObject([
      { role: { name: 'admin' } },
      { role: { name: 'public' } },
    ])
    expect(await as('root', 'DropRole', { role_name: 'admin', force_drop: true })).toMatchObject({
      code: 1401,
    })
    expect(await as('root', 'DeleteCredential', { username: 'root' })).toMatchObject({ code: 1401 })
  })

  test('names and passwords are checked', async () => {
    const create = (username: string, password: string): Promise<Answer> =>
      as('root', 'CreateCredential', { username, password: base64(password) })
    for (const name of ['', '1a', 'a b', 'a:b', 'a'.repeat(33)])
      expect(await create(name, 'secret-1')).toMatchObject({ code: 1100 })
    expect(await create('ann', 'short')).toMatchObject({ code: 1100 })
    expect(await create('ann', 'secret-1')).toMatchObject({ code: 0 })
    expect(await create('ann', 'secret-1')).toMatchObject({ code: 65535, reason: 'user already exists: ann' })
  })

  test('a role that goes is taken from its users; one with grants goes by force only', async () => {
    await makeReader()
    await must('OperatePrivilegeV2', grantV2('Search'))
    expect(await as('root', 'DropRole', { role_name: 'reader' })).toMatchObject({ code: 65535 })
    const before = await as('root', 'SelectRole', { role: { name: 'reader' }, include_user_info: true })
    expect(before['results']).toMatchObject([{ users: [{ name: 'ann' }] }])
    await must('DropRole', { role_name: 'reader', force_drop: true })
    const after = await as('root', 'SelectUser', { user: { name: 'ann' }, include_role_info: true })
    expect(after['results']).toMatchObject([{ user: { name: 'ann' }, roles: [] }])
  })
})

describe('what a user may do', () => {
  const insert = { collection_name: 'c', num_rows: 0, fields_data: [] }
  const denied = (privilege: string, database = 'default'): object => ({
    code: 1401,
    reason: `Privilege${privilege}: permission deny to ann in the \`${database}\` database: privilege not permitted`,
  })

  test('nothing but look at schemas, without a role', async () => {
    await makeReader()
    await makeCollection('c')
    expect(await as('ann', 'DescribeCollection', { collection_name: 'c' })).toMatchObject({ code: 0 })
    expect(await as('ann', 'Insert', insert)).toMatchObject(denied('Insert'))
    expect(await as('ann', 'ListCredUsers')).toMatchObject(denied('SelectOwnership'))
    expect(await as('ann', 'GetMetrics')).toMatchObject({ code: 1401 })
    expect((await as('ann', 'ShowCollections'))['collection_names']).toEqual([])
    expect((await as('root', 'ShowCollections'))['collection_names']).toEqual(['c'])
  })

  test('what was granted, on the collection and in the database that it was granted on', async () => {
    await makeReader()
    await makeCollection('c')
    await makeCollection('d')
    await must('OperatePrivilegeV2', grantV2('Insert', 'default', 'c'))
    expect(await as('ann', 'Insert', insert)).not.toMatchObject({ code: 1401 })
    expect(await as('ann', 'Insert', { ...insert, collection_name: 'd' })).toMatchObject(denied('Insert'))
    expect(await as('ann', 'Insert', insert, 'other')).toMatchObject(denied('Insert', 'other'))
    expect(await as('ann', 'Delete', { collection_name: 'c' })).toMatchObject(denied('Delete'))
    expect((await as('ann', 'ShowCollections'))['collection_names']).toEqual(['c'])
    await must('OperatePrivilegeV2', { ...grantV2('Insert', 'default', 'c'), type: 1 })
    expect(await as('ann', 'Insert', insert)).toMatchObject(denied('Insert'))
  })

  test('all of it as an administrator', async () => {
    await makeReader()
    await must('OperateUserRole', { username: 'ann', role_name: 'admin', type: 0 })
    expect(await as('ann', 'ListCredUsers')).toMatchObject({ code: 0 })
    expect(await as('ann', 'CreateRole', { entity: { name: 'more' } })).toMatchObject({ code: 0 })
  })

  test('an older grant on all collections is none on users and roles', async () => {
    await makeReader()
    const entity = {
      role: { name: 'reader' },
      object: { name: 'Collection' },
      object_name: '*',
      grantor: { privilege: { name: '*' } },
    }
    await must('OperatePrivilege', { entity, type: 0 })
    expect(await as('ann', 'Insert', insert)).not.toMatchObject({ code: 1401 })
    expect(await as('ann', 'CreateSnapshot', { name: 's', collection_name: 'c' })).not.toMatchObject({
      code: 1401,
    })
    expect(await as('ann', 'CreateCredential')).toMatchObject(denied('CreateOwnership'))
    expect(await as('ann', 'CreateCollection')).toMatchObject(denied('CreateCollection'))
  })

  test('a restore by an older call, which names no source, takes the right on all collections', async () => {
    await makeReader()
    await must('OperatePrivilegeV2', grantV2('RestoreSnapshot', 'default', 'c'))
    const restore = { name: 's', collection_name: 'c' }
    expect(await as('ann', 'RestoreSnapshot', restore)).toMatchObject(denied('RestoreSnapshot'))
    const named = { ...restore, target_collection_name: 't' }
    expect(await as('ann', 'RestoreSnapshot', named)).not.toMatchObject({ code: 1401 })
    expect(await as('ann', 'RestoreSnapshot', { ...named, target_db_name: 'x' })).toMatchObject({
      code: 1401,
    })
  })

  test('what a group holds, the moment it holds it', async () => {
    await makeReader()
    await must('CreatePrivilegeGroup', { group_name: 'writers' })
    await must('OperatePrivilegeV2', grantV2('writers'))
    expect(await as('ann', 'Insert', insert)).toMatchObject(denied('Insert'))
    const add = { group_name: 'writers', privileges: [{ name: 'Insert' }], type: 0 }
    await must('OperatePrivilegeGroup', add)
    expect(await as('ann', 'Insert', insert)).not.toMatchObject({ code: 1401 })
    expect(await as('root', 'DropPrivilegeGroup', { group_name: 'writers' })).toMatchObject({ code: 1100 })
    await must('OperatePrivilegeGroup', { ...add, type: 1 })
    expect(await as('ann', 'Insert', insert)).toMatchObject(denied('Insert'))
  })

  test('his own password and his own roles', async () => {
    await makeReader()
    expect(await as('ann', 'SelectUser', { user: { name: 'ann' } })).toMatchObject({ code: 0 })
    expect(await as('ann', 'SelectUser', { user: { name: 'root' } })).toMatchObject(denied('SelectUser'))
    expect(await as('ann', 'SelectUser', {})).toMatchObject(denied('SelectUser'))
    expect(await as('ann', 'SelectGrant', { entity: { role: { name: 'reader' } } })).toMatchObject({
      code: 0,
    })
    expect(await as('ann', 'SelectGrant', { entity: { role: { name: 'admin' } } })).toMatchObject({
      code: 1401,
    })
  })

  test('CollectionReadWrite makes and drops snapshots, and does not restore them', async () => {
    await makeReader()
    await makeCollection('c')
    await must('OperatePrivilegeV2', grantV2('CollectionReadWrite'))
    const snapshot = { name: 's', collection_name: 'c' }
    expect(await as('ann', 'CreateSnapshot', snapshot)).toMatchObject({ code: 0 })
    const restore = { ...snapshot, target_collection_name: 'd' }
    expect(await as('ann', 'RestoreSnapshot', restore)).toMatchObject({ status: { code: 1401 } })
    expect(await as('ann', 'DropSnapshot', snapshot)).toMatchObject({ code: 0 })
  })

  test('groups of the cluster and of databases are granted for all collections only', async () => {
    await makeReader()
    expect(await as('root', 'OperatePrivilegeV2', grantV2('ClusterAdmin'))).toMatchObject({ code: 1100 })
    expect(await as('root', 'OperatePrivilegeV2', grantV2('Insert', '1bad'))).toMatchObject({ code: 802 })
    await must('OperatePrivilegeV2', grantV2('UpdateUser'))
    expect(await as('root', 'OperatePrivilegeV2', grantV2('DatabaseAdmin', 'default', 'c'))).toMatchObject({
      code: 1100,
    })
    expect(await as('root', 'OperatePrivilegeV2', grantV2('Nonsense'))).toMatchObject({ code: 65535 })
    await must('OperatePrivilegeV2', grantV2('ClusterAdmin', '*', '*'))
    expect(await as('ann', 'CreateRole', { entity: { name: 'more' } })).toMatchObject({ code: 0 })
  })
})

test('a key for reading reads', async () => {
  await makeCollection('c')
  const read = async (rpc: string, request: object): Promise<number> => {
    const call = { database: '', user: 'apikey user', by: 'read-only-key', metadata: {} } as const
    const bytes = await answer(
      milvus.door,
      rpc,
      encodeMessage(rpcs[rpc]!.request, request),
      call,
      () => undefined,
    )
    const message = decodeMessage(rpcs[rpc]!.response, bytes)
    return ((message['status'] ?? message) as Answer).code
  }
  expect(await read('DescribeCollection', { collection_name: 'c' })).toBe(0)
  expect(await read('ShowCollections', {})).toBe(0)
  expect(await read('Query', { collection_name: 'c' })).not.toBe(1401)
  for (const rpc of [
    'Insert',
    'DropCollection',
    'CreateSnapshot',
    'RestoreSnapshot',
    'ListCredUsers',
    'LoadCollection',
  ])
    expect(await read(rpc, {})).toBe(1401)
})
