import { beforeEach, describe, expect, test } from 'vitest'
import { isDatabaseError, type DatabaseError } from '../../src/errors/database-error.ts'
import type { ErrorCode } from '../../src/errors/codes.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

/** What every ObjectStore must do. `open` gives an empty one. */
export function objectStoreSuite(name: string, open: () => Promise<ObjectStore>): void {
  describe(`object store: ${name}`, () => {
    let store: ObjectStore
    beforeEach(async () => {
      store = await open()
    })

    test('gives back what was put, whole, in part and in chunks', async () => {
      const body = patterned(3_000_000)
      expect(await store.put('segments/a/rows.bin', body)).toEqual({
        key: 'segments/a/rows.bin',
        bytes: body.length,
      })
      expect(equal(await store.get('segments/a/rows.bin'), body)).toBe(true)
      expect(
        equal(await store.getRange('segments/a/rows.bin', 999_990, 20), body.subarray(999_990, 1_000_010)),
      ).toBe(true)
      expect(equal(await collect(store.stream('segments/a/rows.bin')), body)).toBe(true)
      expect(equal(await collect(store.stream('segments/a/rows.bin', { offset: 5 })), body.subarray(5))).toBe(
        true,
      )
      const middle = await collect(store.stream('segments/a/rows.bin', { offset: 7, length: 2_000_000 }))
      expect(equal(middle, body.subarray(7, 2_000_007))).toBe(true)
      expect(await store.head('segments/a/rows.bin')).toMatchObject({
        key: 'segments/a/rows.bin',
        bytes: body.length,
      })
    })

    test('holds empty objects', async () => {
      await store.put('a/empty', new Uint8Array(0))
      expect((await store.get('a/empty')).length).toBe(0)
      expect((await collect(store.stream('a/empty'))).length).toBe(0)
      expect(await store.head('a/empty')).toMatchObject({ key: 'a/empty', bytes: 0 })
    })

    test('an object that is put again has another fingerprint, where there are any', async () => {
      await store.put('a/b', Buffer.from('one'))
      const before = await store.head('a/b')
      expect(await store.head('a/b')).toEqual(before)
      await store.put('a/b', Buffer.from('two'))
      const after = await store.head('a/b')
      if (before?.fingerprint === undefined) expect(after?.fingerprint).toBeUndefined()
      else expect(after?.fingerprint).not.toBe(before.fingerprint)
    })

    test('puts a stream, and keeps nothing of one that breaks', async () => {
      async function* chunks(count: number, breaks: boolean): AsyncGenerator<Uint8Array> {
        for (let index = 0; index < count; index++) yield patterned(70_000, index)
        if (breaks) throw new Error('the source broke')
      }
      const expected = await collect(chunks(5, false))
      expect(await store.put('a/streamed', chunks(5, false))).toEqual({
        key: 'a/streamed',
        bytes: expected.length,
      })
      expect(equal(await store.get('a/streamed'), expected)).toBe(true)
      await expect(store.put('a/broken', chunks(5, true))).rejects.toThrow('the source broke')
      expect(await store.head('a/broken')).toBeUndefined()
      expect((await store.list('')).map(({ key }) => key)).toEqual(['a/streamed'])
    })

    test('is not changed by what the caller does with the memory afterwards', async () => {
      const body = new Uint8Array([1, 2, 3])
      await store.put('a/b', body)
      body.fill(9)
      ;(await store.get('a/b')).fill(8)
      expect([...(await store.get('a/b'))]).toEqual([1, 2, 3])
    })

    test('replaces an object, unless asked not to', async () => {
      await store.put('a/b', new Uint8Array([1]))
      await store.put('a/b', new Uint8Array([2]))
      await expectCode(store.put('a/b', new Uint8Array([3]), { ifAbsent: true }), 'object-exists')
      expect([...(await store.get('a/b'))]).toEqual([2])
    })

    test('of many puts with ifAbsent at once exactly one wins', async () => {
      const puts = Array.from({ length: 20 }, (_, index) =>
        store.put('a/b', new Uint8Array([index]), { ifAbsent: true }),
      )
      const results = await Promise.allSettled(puts)
      const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
      expect(winners).toHaveLength(1)
      expect([...(await store.get('a/b'))]).toEqual(winners)
      for (const result of results) {
        if (result.status === 'rejected') expect(isDatabaseError(result.reason, 'object-exists')).toBe(true)
      }
    })

    test('lists below a prefix, in key order, through folders', async () => {
      const keys = ['b/1', 'a/z', 'a/b/c', 'a/b/a', 'a/b.x', 'ab/1', 'a/B']
      for (const key of keys) await store.put(key, new Uint8Array(key.length))
      const listed = async (prefix: string): Promise<string[]> =>
        (await store.list(prefix)).map(({ key }) => key)
      expect(await listed('')).toEqual([...keys].sort())
      expect(await listed('a/')).toEqual(['a/B', 'a/b.x', 'a/b/a', 'a/b/c', 'a/z'])
      expect(await listed('a/b')).toEqual(['a/b.x', 'a/b/a', 'a/b/c'])
      expect(await listed('a/b/')).toEqual(['a/b/a', 'a/b/c'])
      expect(await listed('a')).toEqual(['a/B', 'a/b.x', 'a/b/a', 'a/b/c', 'a/z', 'ab/1'])
      expect(await listed('none/')).toEqual([])
      expect(await store.list('b/')).toEqual([{ key: 'b/1', bytes: 3 }])
    })

    test('deletes, absent keys included, and can put again', async () => {
      for (const key of ['a/b/c', 'a/b/d', 'a/e']) await store.put(key, new Uint8Array(1))
      await store.delete(['a/b/c', 'a/b/none', 'none/none', 'a/b/d'])
      await store.delete([])
      expect((await store.list('')).map(({ key }) => key)).toEqual(['a/e'])
      await store.put('a/b/c', new Uint8Array(2))
      expect((await store.list('a/b/')).map(({ key }) => key)).toEqual(['a/b/c'])
    })

    test('deletions and puts in the same folder at once do not disturb each other', async () => {
      for (let round = 0; round < 20; round++) {
        await store.put('a/b/old', new Uint8Array(1))
        await Promise.all([
          store.delete(['a/b/old']),
          store.put(`a/b/${round}`, new Uint8Array(1)),
          store.delete(['a/b/x']),
        ])
        expect((await store.list('')).map(({ key }) => key)).toEqual([`a/b/${round}`])
        await store.delete([`a/b/${round}`])
      }
    })

    test('says what is missing', async () => {
      await store.put('a/b/c', new Uint8Array(10))
      for (const key of ['a/none', 'none/none', 'a/b', 'a/b/c/d']) {
        await expectCode(store.get(key), 'object-not-found')
        await expectCode(store.getRange(key, 0, 0), 'object-not-found')
        await expectCode(collect(store.stream(key)), 'object-not-found')
        expect(await store.head(key)).toBeUndefined()
      }
      await expectCode(store.getRange('a/b/c', 5, 6), 'request-invalid')
      await expectCode(store.getRange('a/b/c', 11, 0), 'request-invalid')
      await expectCode(store.getRange('a/b/c', -1, 2), 'request-invalid')
      await expectCode(store.getRange('a/b/c', 0.5, 2), 'request-invalid')
      await expectCode(collect(store.stream('a/b/c', { offset: 5, length: 6 })), 'request-invalid')
      await expectCode(collect(store.stream('a/b/c', { offset: 11 })), 'request-invalid')
      expect((await store.getRange('a/b/c', 10, 0)).length).toBe(0)
    })

    const badKeys = [
      '',
      'bare',
      '/a/b',
      'a//b',
      'a/b/',
      '../a/b',
      'a/../b',
      'a/..',
      './a',
      'a/./b',
      'a\\..\\b/c',
      'a/b\0c',
      `a/${'x'.repeat(256)}`,
      'a/\ud800',
      'tmp/a',
      'log/a',
    ]
    test.each(badKeys)('refuses the key %j', async (key) => {
      await expectCode(store.put(key, new Uint8Array(1)), 'request-invalid')
      await expectCode(store.get(key), 'request-invalid')
      await expectCode(store.getRange(key, 0, 1), 'request-invalid')
      await expectCode(collect(store.stream(key)), 'request-invalid')
      await expectCode(store.head(key), 'request-invalid')
      await expectCode(store.delete([key]), 'request-invalid')
      expect(await store.list('')).toEqual([])
    })

    test('refuses prefixes that leave the store', async () => {
      for (const prefix of ['../', '/', 'a/../', 'a//', './'])
        await expectCode(store.list(prefix), 'request-invalid')
    })

    test('a refused delete deletes nothing', async () => {
      await store.put('a/b', new Uint8Array(1))
      await expectCode(store.delete(['a/b', '../c']), 'request-invalid')
      expect(await store.head('a/b')).toBeDefined()
    })
  })
}

function patterned(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function expectCode(result: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error, `should be refused with ${code}`).toBeInstanceOf(Error)
  expect((error as DatabaseError).code).toBe(code)
}
