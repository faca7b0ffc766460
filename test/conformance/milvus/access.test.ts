import { HttpClient, MilvusClient } from '@zilliz/milvus2-sdk-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { milvusAddress } from '../../support/milvus-address.ts'
import { startServer, type ServerProcess } from '../../support/server-process.ts'
import { good, refusal } from './client.ts'

// Users and keys, with the official client, over gRPC and REST.

const key = 'the-key-of-the-gate-1'
let server: ServerProcess
const clients: MilvusClient[] = []

beforeAll(async () => {
  server = await startServer({
    args: ['--milvus-port', '0'],
    env: { STILLPOINT__SERVICE__API_KEY: key },
  })
})

afterAll(async () => {
  await Promise.all(clients.map((client) => client.closeConnection()))
  await server.stop()
})

async function as(
  credentials: { token: string } | { username: string; password: string },
): Promise<MilvusClient> {
  const client = new MilvusClient({
    address: milvusAddress(server),
    maxRetries: 0,
    logLevel: 'error',
    ...credentials,
  })
  clients.push(client)
  await client.connectPromise
  return client
}

test('a user sees and changes what was granted to his role, and the key everything', async () => {
  const root = await as({ token: key })
  await good(root.createCollection({ collection_name: 'plants', dimension: 2 }))
  const data = [1, 2, 3].map((id) => ({ id, vector: [id, 1] }))
  await good(root.insert({ collection_name: 'plants', data }))
  await root.createUser({ username: 'ann', password: 'secret-1' })
  await root.createRole({ roleName: 'reader' })
  await root.addUserToRole({ username: 'ann', roleName: 'reader' })

  const ann = await as({ username: 'ann', password: 'secret-1' })
  const query = { collection_name: 'plants', filter: 'id > 1', output_fields: ['id'] }
  expect((await good(ann.showCollections())).data).toEqual([])
  expect(await refusal(ann.query(query))).toMatchObject({
    code: 1401,
    reason: 'PrivilegeQuery: permission deny to ann in the `default` database: privilege not permitted',
  })
  const grant = {
    role: 'reader',
    privilege: 'CollectionReadOnly',
    collection_name: 'plants',
    db_name: 'default',
  }
  await root.grantPrivilegeV2(grant)
  expect((await good(ann.query(query))).data).toHaveLength(2)
  const insert = { collection_name: 'plants', data: [{ id: 4, vector: [4, 1] }] }
  expect(await refusal(ann.insert(insert))).toMatchObject({ code: 1401 })

  const http = new HttpClient({ endpoint: server.url, token: 'ann:secret-1' })
  const found = await http.query({ collectionName: 'plants', filter: 'id > 1', outputFields: ['id'] })
  expect(found).toMatchObject({ code: 0, data: [{ id: '2' }, { id: '3' }] })
  await root.revokePrivilegeV2(grant)
  expect(await refusal(ann.query(query))).toMatchObject({ code: 1401 })
})

test('nobody comes in with the known password, or without any', async () => {
  for (const token of ['root:Milvus', 'nonsense']) {
    const client = new MilvusClient({
      address: milvusAddress(server),
      maxRetries: 0,
      logLevel: 'error',
      token,
    })
    clients.push(client)
    await expect(client.connectPromise, token).rejects.toThrow('UNAUTHENTICATED')
  }
  expect(server.log()).not.toContain(key)
})
