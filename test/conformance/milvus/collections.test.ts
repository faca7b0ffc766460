import { DataType } from '@zilliz/milvus2-sdk-node'
import { describe, expect, test } from 'vitest'
import { connect, good, refusal, useDoor } from './client.ts'

const door = useDoor()

const fields = [
  { name: 'id', data_type: DataType.Int64, is_primary_key: true },
  { name: 'v', data_type: DataType.FloatVector, dim: 4 },
  { name: 'title', data_type: DataType.VarChar, max_length: 64, nullable: true },
]
const index_params = [
  {
    field_name: 'v',
    index_name: 'by_v',
    index_type: 'HNSW',
    metric_type: 'L2',
    params: { M: 8, efConstruction: 64 },
  },
]
const row = (id: number) => ({ id, v: [id, 1, 0, 0], title: `t${id}` })

describe('the server', () => {
  test('tells its version and that it is well', async () => {
    expect((await door.client.getVersion()).version).toMatch(/^v?\d+\.\d+/)
    expect(await door.client.checkHealth()).toMatchObject({ isHealthy: true })
  })
})

describe('collections', () => {
  test('a collection is made with its schema and index, described, listed and dropped', async () => {
    const { client } = door
    await good(
      client.createCollection({ collection_name: 'books', description: 'On shelves', fields, index_params }),
    )
    expect(await client.hasCollection({ collection_name: 'books' })).toMatchObject({ value: true })

    const described = await good(client.describeCollection({ collection_name: 'books' }))
    expect(described.schema.fields.map(({ name, data_type }) => [name, data_type])).toEqual([
      ['id', 'Int64'],
      ['v', 'FloatVector'],
      ['title', 'VarChar'],
    ])
    expect(described.schema).toMatchObject({
      name: 'books',
      description: 'On shelves',
      enable_dynamic_field: false,
    })
    expect(described.schema.fields[1]!.type_params).toEqual([{ key: 'dim', value: '4' }])
    expect(described.schema.fields[2]).toMatchObject({ nullable: true })

    const { index_descriptions } = await good(client.describeIndex({ collection_name: 'books' }))
    const [index] = index_descriptions
    expect(index).toMatchObject({ index_name: 'by_v', field_name: 'v', state: 'Finished' })
    expect(index!.params).toContainEqual({ key: 'metric_type', value: 'L2' })

    const shown = await good(client.showCollections())
    expect(shown.data.map(({ name }) => name)).toContain('books')
    await good(client.dropCollection({ collection_name: 'books' }))
    expect(await client.hasCollection({ collection_name: 'books' })).toMatchObject({ value: false })
    expect(await refusal(client.describeCollection({ collection_name: 'books' }))).toMatchObject({
      code: 100,
    })
  })

  test('a schema without a primary key, and a vector of one dimension, are refused', async () => {
    const { client } = door
    const keyless = [{ ...fields[0]!, is_primary_key: false }, fields[1]!]
    expect(
      (await refusal(client.createCollection({ collection_name: 'no', fields: keyless }))).reason,
    ).toMatch(/primary key/)
    const flat = [fields[0]!, { ...fields[1]!, dim: 1 }]
    expect((await refusal(client.createCollection({ collection_name: 'no', fields: flat }))).reason).toMatch(
      /dimension/,
    )
    expect(await client.hasCollection({ collection_name: 'no' })).toMatchObject({ value: false })
  })

  test('what is not loaded can not be searched; loading needs an index', async () => {
    const { client } = door
    await good(client.createCollection({ collection_name: 'cold', fields }))
    const query = { collection_name: 'cold', filter: 'id >= 0', output_fields: ['id'] }
    expect(await refusal(client.query(query))).toMatchObject({ code: 101 })
    expect(await refusal(client.loadCollectionAsync({ collection_name: 'cold' }))).toMatchObject({
      code: 700,
    })
    await good(client.createIndex({ ...index_params[0]!, collection_name: 'cold' }))
    await good(client.loadCollection({ collection_name: 'cold' }))
    expect(await client.getLoadState({ collection_name: 'cold' })).toMatchObject({ state: 'LoadStateLoaded' })
    expect((await good(client.query(query))).data).toEqual([])
    await good(client.releaseCollection({ collection_name: 'cold' }))
    expect(await client.getLoadState({ collection_name: 'cold' })).toMatchObject({
      state: 'LoadStateNotLoad',
    })
    expect(await refusal(client.query(query))).toMatchObject({ code: 101 })
    await good(client.dropCollection({ collection_name: 'cold' }))
  })

  test('a collection is renamed, and keeps its rows', async () => {
    const { client } = door
    await good(client.createCollection({ collection_name: 'early', fields, index_params }))
    await good(client.insert({ collection_name: 'early', data: [row(1), row(2)] }))
    await good(client.renameCollection({ collection_name: 'early', new_collection_name: 'late' }))
    expect(await client.hasCollection({ collection_name: 'early' })).toMatchObject({ value: false })
    const { data } = await good(
      client.query({ collection_name: 'late', filter: '', output_fields: ['count(*)'] }),
    )
    expect(data).toEqual([{ 'count(*)': '2' }])
    await good(client.dropCollection({ collection_name: 'late' }))
  })
})

describe('partitions', () => {
  test('rows stay in the partition that they were put into', async () => {
    const { client } = door
    const collection_name = 'parted'
    await good(client.createCollection({ collection_name, fields, index_params }))
    await good(client.createPartition({ collection_name, partition_name: 'north' }))
    await good(client.insert({ collection_name, partition_name: 'north', data: [row(1), row(2)] }))
    await good(client.insert({ collection_name, data: [row(3)] }))
    const listed = await good(client.showPartitions({ collection_name }))
    expect([...listed.partition_names].sort()).toEqual(['_default', 'north'])
    const ids = async (partition_names: string[]) => {
      const found = await good(
        client.query({ collection_name, partition_names, filter: 'id > 0', output_fields: ['id'] }),
      )
      return found.data.map(({ id }) => id as string)
    }
    expect(await ids(['north'])).toEqual(['1', '2'])
    expect(await ids(['_default'])).toEqual(['3'])
    expect(await ids([])).toEqual(['1', '2', '3'])
    expect(
      await refusal(client.insert({ collection_name, partition_name: 'south', data: [row(4)] })),
    ).toMatchObject({ code: 200 })
    await good(client.releasePartitions({ collection_name, partition_names: ['north'] }))
    await good(client.dropPartition({ collection_name, partition_name: 'north' }))
    expect(await client.hasPartition({ collection_name, partition_name: 'north' })).toMatchObject({
      value: false,
    })
    expect(await ids([])).toEqual(['3'])
    await good(client.dropCollection({ collection_name }))
  })
})

describe('aliases', () => {
  test('an alias stands wherever a name does, and moves', async () => {
    const { client } = door
    for (const [at, collection_name] of ['blue', 'green'].entries()) {
      await good(client.createCollection({ collection_name, fields, index_params }))
      await good(client.insert({ collection_name, data: [row(at)] }))
    }
    const current = { alias: 'current', collection_name: 'blue' }
    await good(client.createAlias(current))
    const firstId = async () => {
      const found = await good(
        client.query({ collection_name: 'current', filter: 'id >= 0', output_fields: ['id'] }),
      )
      return (found.data[0] as { id: string }).id
    }
    expect(await firstId()).toBe('0')
    expect(await good(client.describeAlias(current))).toMatchObject({ alias: 'current', collection: 'blue' })
    expect((await refusal(client.createAlias({ ...current, collection_name: 'green' }))).code).toBe(1602)
    await good(client.alterAlias({ ...current, collection_name: 'green' }))
    expect(await firstId()).toBe('1')
    expect((await good(client.listAliases({ collection_name: 'green' }))).aliases).toEqual(['current'])
    await good(client.dropAlias({ alias: 'current' }))
    expect((await refusal(client.describeAlias(current))).code).toBe(1600)
    for (const collection_name of ['blue', 'green']) await good(client.dropCollection({ collection_name }))
  })
})

describe('databases', () => {
  test('one name is a collection of its own in each database', async () => {
    const { client } = door
    await good(client.createDatabase({ db_name: 'attic' }))
    expect((await good(client.listDatabases())).db_names).toEqual(
      expect.arrayContaining(['default', 'attic']),
    )
    const attic = connect(door.server, 'attic')
    for (const [at, one] of [client, attic].entries()) {
      await good(one.createCollection({ collection_name: 'twin', fields, index_params }))
      await good(one.insert({ collection_name: 'twin', data: [row(at), row(at + 10)] }))
    }
    for (const [at, one] of [client, attic].entries()) {
      const found = await good(
        one.query({ collection_name: 'twin', filter: 'id < 10', output_fields: ['title'] }),
      )
      expect(found.data).toEqual([{ id: String(at), title: `t${at}` }])
      expect((await good(one.showCollections())).data.map(({ name }) => name)).toEqual(['twin'])
    }
    expect((await refusal(client.dropDatabase({ db_name: 'attic' }))).reason).toMatch(/empty/)
    await good(attic.dropCollection({ collection_name: 'twin' }))
    await attic.closeConnection()
    await good(client.dropDatabase({ db_name: 'attic' }))
    await good(client.dropCollection({ collection_name: 'twin' }))
    expect((await good(client.listDatabases())).db_names).toEqual(['default'])
  })
})
