import { expect, test } from 'vitest'
import {
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../../test/support/milvus-door.ts'
import { column, dynamicKeys, query, vectors } from '../../../../../test/support/milvus-rows.ts'

const milvus = milvusForEachTest()
const v2 = field('v', 'FloatVector', { dim: 2 })

const make = (key: object, isDynamic = false): Promise<void> =>
  makeLoaded(milvus, [key, v2, field('n', 'Int64')], { enable_dynamic_field: isDynamic })

async function insert(keys: readonly (bigint | string)[], more: object = {}): Promise<void> {
  const type = typeof keys[0] === 'string' ? 21 : 5
  const columns = [
    column(type === 21 ? 'k' : 'id', type, keys),
    vectors(
      'v',
      keys.map((_, row) => [row, 1]),
    ),
    column(
      'n',
      5,
      keys.map((_, row) => BigInt(row)),
    ),
  ]
  await milvus.must('Insert', { collection_name: 'c', fields_data: columns, num_rows: keys.length, ...more })
}

const limited = (limit: number, offset = 0): object => ({
  query_params: pairs({ limit: String(limit), offset: String(offset) }),
})

const pairsOf = (params: Record<string, string>): object => ({ query_params: pairs(params) })

async function ids(request: object): Promise<unknown[]> {
  const rows = await query(milvus, { output_fields: ['id'], ...request })
  return rows.map((row) => row['id'])
}

test('rows come in the order of their keys, negative ones first', async () => {
  await make(primaryKey())
  const edges = [5n, -3n, 0n, 2n ** 63n - 1n, -(2n ** 63n), 7n, -1n]
  await insert(edges)
  const sorted = [...edges].sort((a, b) => (a < b ? -1 : 1))
  expect(await ids({ expr: 'n >= 0' })).toEqual(sorted)
  expect(await ids(limited(3))).toEqual(sorted.slice(0, 3))
  expect(await ids({ expr: 'n >= 0', ...limited(3, 2) })).toEqual(sorted.slice(2, 5))
  for (const from of edges) {
    const after = sorted.filter((key) => key > from)
    expect(await ids({ expr: `id > ${from}`, ...limited(2) })).toEqual(after.slice(0, 2))
    expect(await ids({ expr: `id >= ${from} and (n < 4)` })).toEqual(
      sorted.filter((key) => key >= from && edges.indexOf(key) < 4),
    )
  }
  // As an iterator over everything begins.
  expect(await ids({ expr: `id < ${2n ** 63n - 1n}` })).toEqual(sorted.slice(0, -1))
  expect(await ids({ expr: `not (id > 0)` })).toEqual(sorted.filter((key) => key <= 0n))
})

test.each(['order_by_fields', 'group_by_fields'])('%s is refused, not passed over', async (key) => {
  await make(primaryKey())
  const request = { collection_name: 'c', expr: 'id > 0', query_params: pairs({ limit: '5', [key]: 'n' }) }
  const answer = await milvus.call('Query', request)
  expect(answer.status).toMatchObject({
    code: 10,
    reason: `${key} of a query is not supported by this server: service unimplemented`,
  })
})

test('text keys come in the order of their bytes', async () => {
  await make(field('k', 'VarChar', { max_length: 50, is_primary_key: true }))
  const keys = Array.from({ length: 300 }, (_, row) => `k${(row * 7919) % 1_000}`)
  await insert([...keys, '', 'ü', '\u{1f600}'])
  const sorted = [...new Set([...keys, '', 'ü', '\u{1f600}'])].sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
  const found = async (request: object): Promise<unknown[]> =>
    (await query(milvus, { output_fields: ['k', 'n'], ...request })).map((row) => row['k'])
  expect(await found({ expr: 'n >= 0' })).toEqual(sorted)
  expect(await found(limited(20, 5))).toEqual(sorted.slice(5, 25))
  let last = ''
  const pages: unknown[] = ['']
  for (let page = await found({ expr: 'k > ""', ...limited(64) }); page.length > 0;) {
    pages.push(...page)
    last = String(page.at(-1))
    page = await found({ expr: `k > "${last}"`, ...limited(64) })
  }
  expect(pages).toEqual(sorted)
  expect(await found({ expr: 'k in ["ü", "none", "k7"]' })).toEqual(
    sorted.filter((key) => ['ü', 'k7'].includes(key)),
  )
})

/** All pages of an iterator, as clients ask for them; `between` runs after each. */
async function pages(
  key: string,
  filter: string,
  size: number,
  between = (): Promise<unknown> => Promise.resolve(),
) {
  const params = { query_params: pairs({ limit: String(size), iterator: 'True' }) }
  const all: unknown[][] = []
  let last: unknown
  for (;;) {
    const after = typeof last === 'string' ? `"${last}"` : String(last)
    const expr = last === undefined ? filter : `${key} > ${after} and (${filter})`
    const page = (await query(milvus, { output_fields: [key], expr, ...params })).map((row) => row[key])
    if (page.length === 0) return all
    all.push(page)
    last = page.at(-1)
    await between()
  }
}

test('iterators go through all rows, whatever their keys and their filter', async () => {
  await make(primaryKey())
  const keys = Array.from({ length: 50 }, (_, row) => BigInt(row * 7 - 100))
  await insert(keys)
  expect((await pages('id', `id < ${2n ** 63n - 1n}`, 7)).flat()).toEqual(keys)
  const few = keys.filter((_, row) => row > 30)
  expect(await pages('id', 'n > 30', 7)).toEqual([few.slice(0, 7), few.slice(7, 14), few.slice(14)])
  // Rows that go while an iterator is under way are not there any more, and no end of it.
  let isGone = false
  const remove = async (): Promise<void> => {
    if (!isGone) await milvus.must('Delete', { collection_name: 'c', expr: 'n > 37 and n < 45' })
    isGone = true
  }
  expect((await pages('id', 'n > 30', 7, remove)).flat()).toEqual(few.filter((_, at) => at < 7 || at > 13))
})

test('rows that do not pass any more when an iterator comes to them are left out', async () => {
  await make(primaryKey())
  await insert(Array.from({ length: 30 }, (_, row) => BigInt(row)))
  let isChanged = false
  const change = async (): Promise<void> => {
    // Key 20 gets n = 0, and key 21 what it had.
    const columns = [
      column('id', 5, [20n, 21n]),
      vectors('v', [
        [1, 1],
        [2, 2],
      ]),
      column('n', 5, [0n, 21n]),
    ]
    if (!isChanged) await milvus.must('Upsert', { collection_name: 'c', fields_data: columns, num_rows: 2 })
    isChanged = true
  }
  const expected = Array.from({ length: 20 }, (_, row) => BigInt(row + 10)).filter((key) => key !== 20n)
  expect((await pages('id', 'n >= 10', 4, change)).flat()).toEqual(expected)
})

test('iterators go through text keys, and through those of points that were made elsewhere', async () => {
  await make(field('k', 'VarChar', { max_length: 50, is_primary_key: true }))
  const keys = Array.from({ length: 40 }, (_, row) => `k${row * 3}`)
  await insert(keys)
  const sorted = [...keys].sort()
  expect(await pages('k', 'k != ""', 16)).toEqual([
    sorted.slice(0, 16),
    sorted.slice(16, 32),
    sorted.slice(32),
  ])
  expect((await pages('k', 'n < 5', 2)).flat()).toEqual(keys.slice(0, 5).sort())
  await milvus.must('DropCollection', { collection_name: 'c' })
  const collection = await milvus.database.createCollection('c', { vectors: {} })
  await collection.upsert(Array.from({ length: 25 }, (_, id) => ({ id, payload: { even: id % 2 === 0 } })))
  const ids = Array.from({ length: 25 }, (_, id) => String(id)).sort()
  expect((await pages('id', 'id != ""', 10)).flat()).toEqual(ids)
  expect((await pages('id', 'even == true', 4)).flat()).toEqual(ids.filter((id) => Number(id) % 2 === 0))
})

test('an iterator that says when it began reads what was there then', async () => {
  await make(primaryKey())
  await insert(Array.from({ length: 9 }, (_, row) => BigInt(row)))
  const params = { collection_name: 'c', output_fields: ['id', 'n'], ...pairsOf({ iterator: 'True' }) }
  const { session_ts: began } = await milvus.must('Query', { ...params, expr: 'n >= 0' })
  await milvus.must('Delete', { collection_name: 'c', expr: 'id in [3, 4]' })
  await insert([5n, 9n])
  const page = {
    expr: 'id > 2 and (n >= 0)',
    guarantee_timestamp: began,
    ...pairsOf({ limit: '4', iterator: 'True' }),
  }
  const then = await query(milvus, { output_fields: ['id', 'n'], ...page })
  expect(then).toEqual([3n, 4n, 5n, 6n].map((key) => ({ id: key, n: key })))
  const now = { ...page, guarantee_timestamp: 0n }
  expect((await query(milvus, { output_fields: ['id'], ...now })).map((row) => row['id'])).toEqual([
    5n,
    6n,
    7n,
    8n,
  ])
  // What is not asked for in ten minutes is not kept; the iterator goes on in what is there.
  milvus.wait(11 * 60_000)
  expect((await query(milvus, { output_fields: ['id'], ...page })).map((row) => row['id'])).toEqual([
    5n,
    6n,
    7n,
    8n,
  ])
})

test('what a query may be limited to', async () => {
  await make(primaryKey())
  const reasonOf = async (params: Record<string, string>, more: object = {}): Promise<unknown> =>
    (
      await milvus.call('Query', {
        collection_name: 'c',
        expr: 'id > 0',
        query_params: pairs(params),
        ...more,
      })
    ).status.reason
  expect(await reasonOf({ limit: '0' })).toMatch(/limit \[0\] is invalid, should be greater than 0$/)
  expect(await reasonOf({ limit: '5', offset: '-1' })).toMatch(/offset \[-1\] is invalid/)
  expect(await reasonOf({ limit: '16000', offset: '385' })).toMatch(/but got 16385$/)
  expect(await reasonOf({ limit: 'x' })).toBe('limit [x] is invalid')
  expect(await reasonOf({}, { expr: ' ' })).toBe('empty expression should be used with limit')
  expect(await reasonOf({ limit: '1' }, { output_fields: ['count(*)'] })).toMatch(
    /^count entities with pagination/,
  )
  expect(await reasonOf({ offset: '2' }, { output_fields: ['count(*)'] })).toBe('')
  expect(await reasonOf({ collection_id: '7' })).toMatch(/is another one than the iterator began with/)
})

test('an answer without rows has its columns, and says what the key is called', async () => {
  await make(primaryKey(), true)
  const answer = await milvus.must('Query', { collection_name: 'c', expr: 'id > 0', output_fields: ['*'] })
  expect(answer).toMatchObject({ primary_field_name: 'id', output_fields: ['id', 'v', 'n', '$meta'] })
  expect((answer.fields_data as { field_name: string }[]).map((one) => one.field_name)).toEqual([
    'id',
    'v',
    'n',
    '$meta',
  ])
  expect(answer.session_ts).toBeGreaterThan(0n)
})

test('dynamic keys are answered by name or all together', async () => {
  await make(primaryKey(), true)
  const columns = [
    column('id', 5, [1n, 2n]),
    vectors('v', [
      [1, 1],
      [2, 2],
    ]),
    column('n', 5, [1n, 2n]),
    dynamicKeys([{ x: 1, 'with space': null, deep: { a: [1.5] } }, {}]),
  ]
  await milvus.must('Insert', { collection_name: 'c', fields_data: columns, num_rows: 2 })
  const by = (...names: string[]): Promise<unknown> => query(milvus, { expr: 'id > 0', output_fields: names })
  const all = { x: 1, 'with space': null, deep: { a: [1.5] } }
  expect(await by('x', 'none')).toEqual([{ id: 1n, x: 1 }, { id: 2n }])
  expect(await by('$meta')).toEqual([{ id: 1n, ...all }, { id: 2n }])
  expect(await by('*')).toEqual([
    { id: 1n, v: [1, 1], n: 1n, ...all },
    { id: 2n, v: [2, 2], n: 2n },
  ])
  const refused = await milvus.call('Query', {
    collection_name: 'c',
    expr: 'id > 0',
    output_fields: ['deep["a"]'],
  })
  expect(refused.status).toMatchObject({ code: 65_535, reason: 'parse output field name failed: deep["a"]' })
})

test('partitions are read alone and together, and only where they are loaded', async () => {
  await make(primaryKey())
  await milvus.database.getCollection('c').createPartition('p')
  await insert([1n, 2n])
  await insert([2n, 3n], { partition_name: 'p' })
  expect(await ids({ expr: 'n >= 0' })).toEqual([1n, 2n, 2n, 3n])
  expect(await ids({ expr: 'n >= 0', partition_names: ['p'] })).toEqual([2n, 3n])
  expect(await ids(limited(3))).toEqual([1n, 2n, 2n])
  expect(await ids({ ...limited(2), partition_names: ['_default', 'p', 'p'] })).toEqual([1n, 2n])
  const missing = await milvus.call('Query', {
    collection_name: 'c',
    expr: 'n > 0',
    partition_names: ['none'],
  })
  expect(missing.status).toMatchObject({ code: 65_535, reason: 'partition name none not found' })
  const counts = await Promise.all(
    ['_default', 'p'].map((name) =>
      milvus.must('GetPartitionStatistics', { collection_name: 'c', partition_name: name }),
    ),
  )
  expect(counts.map((answer) => answer.stats[0].value)).toEqual(['2', '2'])
  await milvus.must('ReleaseCollection', { collection_name: 'c' })
  const released = await milvus.call('Query', { collection_name: 'c', expr: 'n > 0' })
  expect(released.status).toMatchObject({ code: 101 })
  expect(released.status.reason).toMatch(/^failed to query: collection not loaded\[collection=\d+\]$/)
  await milvus.must('LoadPartitions', { collection_name: 'c', partition_names: ['p'] })
  expect(await ids({ expr: 'n >= 0' })).toEqual([2n, 3n])
  const unloaded = await milvus.call('Query', {
    collection_name: 'c',
    expr: 'n > 0',
    partition_names: ['_default'],
  })
  expect(unloaded.status.reason).toMatch(/partition not loaded/)
})
