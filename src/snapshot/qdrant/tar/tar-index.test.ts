import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  gnuHeader,
  gnuTar,
  memberParts,
  withChecksum,
} from '../../../../test/support/qdrant-archive/gnu-tar.ts'
import type { RawHeader } from '../../../../test/support/tar.ts'
import { entryInMemory, readEntry } from '../entry-bytes.ts'
import { ClaimBudget, type QdrantLimits } from '../limits.ts'
import type { EntryBytes } from '../types.ts'
import { indexTar, type TarIndex } from './tar-index.ts'

function index(tar: Uint8Array, limits: QdrantLimits = {}, mayEndBare = false): Promise<TarIndex> {
  const budget = new ClaimBudget(tar.byteLength, limits)
  return indexTar(entryInMemory('a.tar', tar), { prefix: 'a.tar/', budget, mayEndBare })
}

/** With holes, so that `pieces` stretches are stored. */
function holed(pieces: number): Buffer {
  const body = Buffer.alloc(pieces * 1536 + 700)
  for (let i = 0; i < pieces; i++) body.fill(i + 1, i * 1536 + 512, i * 1536 + 1024)
  return body
}

const long = `0/segments/${'x'.repeat(120)}/ß`
const members = [
  { name: '0/segments/' },
  { name: 'plain', body: Buffer.from('content') },
  { name: 'empty', body: Buffer.alloc(0) },
  { name: long, body: Buffer.from('long') },
  { name: 'zeros', body: Buffer.alloc(8), isSparse: true },
  { name: 'few', body: holed(3), isSparse: true },
  { name: 'many', body: holed(60), isSparse: true },
  { name: `${long}-sparse`, body: holed(5), isSparse: true },
]

describe('a tar of Qdrant', () => {
  test('gives its files by name, sparse ones with their holes, and its folders', async () => {
    const { files, folders } = await index(gnuTar(members))
    expect([...folders]).toEqual(['0/segments'])
    expect([...files.keys()]).toEqual(members.slice(1).map(({ name }) => name))
    for (const { name, body } of members.slice(1)) {
      const entry = files.get(name)!
      expect(entry.name).toBe(`a.tar/${name}`)
      expect(Buffer.from(await readEntry(entry)).equals(body!)).toBe(true)
    }
  })

  test('any range of a sparse file is what its real bytes say', async () => {
    const body = holed(60)
    const entry = (await index(gnuTar([{ name: 'many', body, isSparse: true }]))).files.get('many')!
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length), fc.nat(body.length), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(Buffer.from(await entry.read(from, to - from)).equals(body.subarray(from, to))).toBe(true)
      }),
    )
  })

  test('may stop behind an entry only where that is its form', async () => {
    const tar = gnuTar(members, { hasEnd: false })
    expect((await index(tar, {}, true)).files.size).toBe(7)
    await expect(index(tar)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: `Cannot read archive: entry a.tar: it ends without its end mark, at byte ${tar.byteLength}`,
    })
  })

  test('is indexed by its headers: large bodies are not read', async () => {
    const tar = gnuTar([
      { name: 'one', body: Buffer.alloc(5_000_000, 1) },
      { name: 'two', body: Buffer.alloc(5_000_000, 2) },
    ])
    let read = 0
    const counting: EntryBytes = {
      name: 'a.tar',
      bytes: tar.byteLength,
      read(offset, length) {
        read += length
        return Promise.resolve(tar.subarray(offset, offset + length))
      },
    }
    await indexTar(counting, { prefix: '', budget: new ClaimBudget(tar.byteLength), mayEndBare: false })
    expect(read).toBeLessThan(200_000)
  })

  test('sizes may be written in base 256', async () => {
    const header = gnuHeader({ name: 'a', size: '\x80\0\0\0\0\0\0\0\0\0\0\x03' })
    const tar = Buffer.concat([header, Buffer.from('abc'), Buffer.alloc(509 + 1024)])
    expect((await index(tar)).files.get('a')!.bytes).toBe(3)
  })
})

describe('refused', () => {
  const body = Buffer.from('content')
  const withHeader = (header: RawHeader): Buffer => gnuTar([{ name: 'some/name', body, header }])

  test.each<[string, Buffer, string]>([
    ['a wrong checksum', withHeader({ checksum: '0000001\0' }), 'the checksum of its header is wrong'],
    ['another dialect', withHeader({ magic: 'posix\x0000' }), 'not the GNU form'],
    ['ustar with a prefix', withHeader({ magic: 'ustar\x0000', prefix: 'a' }), 'nor one of a plain file'],
    ['a link', withHeader({ type: '2' }), 'its type 50 is not one that Qdrant writes'],
    ['a PAX header', withHeader({ type: 'x' }), 'its type 120'],
    ['a length that is no number', withHeader({ size: 'abc' }), 'the length in its header is not a number'],
    ['a length beyond 2^53', withHeader({ size: `\x80${'\xff'.repeat(11)}` }), 'the length in its header'],
    ['a length beyond the file', withHeader({ size: '77777777777\0' }), 'the archive ends after'],
    ['a folder with bytes', withHeader({ type: '5' }), 'a folder with bytes of its own'],
    ['a name up', withHeader({ name: 'a/../b' }), 'one of its parts is ..'],
    ['an absolute name', withHeader({ name: '/etc/passwd' }), 'it is absolute'],
    ['a backslash', withHeader({ name: 'a\\b' }), 'it has a backslash'],
    ['an empty part', withHeader({ name: 'a//b' }), 'it has an empty part'],
    ['a control character', withHeader({ name: 'a\nb' }), 'it has a control character'],
    ['a name that is not UTF-8', withHeader({ name: 'a\xff' }), 'it is not UTF-8'],
    ['a file without a name', withHeader({ name: './' }), 'a file without a name'],
    ['a name twice', gnuTar([members[1]!, members[1]!]), 'it is there twice'],
    ['a name twice, once as a folder', gnuTar([{ name: 'plain/' }, members[1]!]), 'it is there twice'],
    [
      'a long name of a size that is none',
      gnuTar([{ name: 'a', body, header: { type: 'L', size: '00000100000\0' } }]),
      'its long name has 32768 bytes',
    ],
    [
      'a long name at the end',
      gnuTar([{ name: '././@LongLink', body, header: { type: 'L' } }]),
      'ends behind a long name',
    ],
    [
      'a wiped header',
      Buffer.concat([Buffer.alloc(512), withHeader({})]),
      'something other than zeros follows',
    ],
    ['a cut header', withHeader({}).subarray(0, 1500), 'ends inside a header'],
    [
      'more zeros than any padding',
      Buffer.concat([gnuTar([]), Buffer.alloc(2 ** 20)]),
      'follow the end mark',
    ],
  ])('%s', async (_, tar, why) => {
    await expect(index(tar)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining(why) as string,
    })
  })

  test.each<[string, (header: Buffer) => void, string]>([
    [
      'more stored bytes than the map has',
      (h) => h.write('00000002000\0', 124, 'latin1'),
      'its stretches have',
    ],
    [
      'stretches that overlap',
      (h) => h.write('00000000000\0', 386 + 24, 'latin1'),
      'overlaps or lies outside',
    ],
    [
      'a real size before the last stretch',
      (h) => h.write('00000000100\0', 483, 'latin1'),
      'overlaps or lies outside',
    ],
    [
      'a real size that is no number',
      (h) => h.write('x', 483, 'latin1'),
      'its map of a sparse file is damaged',
    ],
    ['a pair that is no number', (h) => h.write('x', 390, 'latin1'), 'its map of a sparse file is damaged'],
  ])('a sparse file with %s', async (_, damage, why) => {
    const [header, ...rest] = memberParts({ name: 's', body: holed(3), isSparse: true })
    damage(header as Buffer)
    const tar = Buffer.concat([withChecksum(header as Buffer), ...rest, Buffer.alloc(1024)])
    await expect(index(tar)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining(why) as string,
    })
  })

  test('more entries or claimed bytes than the limits allow, before any is read', async () => {
    await expect(index(gnuTar(members), { entriesMax: 3 })).rejects.toThrow('it has more than 3 entries')
    const [header] = memberParts({ name: 's', body: Buffer.alloc(8), isSparse: true })
    ;(header as Buffer).write('77777777777\0', 483, 'latin1')
    const claims = Array.from({ length: 30 }, (_, i) => {
      const copy = Buffer.from(header!)
      copy.write(`s${i}`, 0, 'latin1')
      return withChecksum(copy)
    })
    const tar = Buffer.concat([...claims, Buffer.alloc(1024)])
    await expect(index(tar)).rejects.toThrow('its files claim more than')
  })
})
