import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawHeader } from '../../../../test/support/tar.ts'
import { blockBytes, memberBytes, nameProblem, octalSizeMax, paddingBytes, splitName } from './tar-format.ts'
import { decodeTarHeader, encodeTarHeader } from './tar-header.ts'

const part = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}$/)
const nameOfParts = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))

describe('headers', () => {
  test('a header that is written reads back as the same name and size', () => {
    const size = fc.oneof(
      fc.nat(),
      fc.maxSafeNat(),
      fc.constantFrom(0, octalSizeMax, octalSizeMax + 1, Number.MAX_SAFE_INTEGER),
    )
    fc.assert(
      fc.property(nameOfParts, size, (name, bytes) => {
        fc.pre(nameProblem(name) === undefined)
        const block = encodeTarHeader({ name, bytes })
        expect(block.byteLength).toBe(blockBytes)
        expect(decodeTarHeader(block)).toEqual({ name, bytes })
      }),
    )
  })

  test('every changed bit of a header is refused or changes neither name nor size', () => {
    const name = 'segments/0b5c1d5e-6c6a-4d39-9d4f-6d3a9f6f8a11/rows.parquet'
    const block = encodeTarHeader({ name, bytes: 123456 })
    for (let bit = 0; bit < blockBytes * 8; bit++) {
      const changed = Uint8Array.from(block)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      let header: unknown
      try {
        header = decodeTarHeader(changed)
      } catch (error) {
        expect(error).toMatchObject({ code: 'archive-invalid' })
        continue
      }
      expect(header).toEqual({ name, bytes: 123456 })
    }
  })

  test('a block of zeros is the end', () => {
    expect(decodeTarHeader(new Uint8Array(blockBytes))).toBeUndefined()
  })

  test('names over 100 bytes are split at a slash', () => {
    const name = `${'a'.repeat(150)}/${'b'.repeat(100)}`
    expect(splitName(name)).toEqual({ prefix: 'a'.repeat(150), name: 'b'.repeat(100) })
    expect(decodeTarHeader(encodeTarHeader({ name, bytes: 1 }))).toEqual({ name, bytes: 1 })
    expect(nameProblem('a'.repeat(101))).toBe('it is too long')
    expect(nameProblem(`${'a'.repeat(156)}/${'b'.repeat(100)}`)).toBe('it is too long')
  })

  test('members fill whole blocks', () => {
    expect([0, 1, 511, 512, 513].map(paddingBytes)).toEqual([0, 511, 1, 0, 511])
    expect([0, 1, 512, 513].map(memberBytes)).toEqual([512, 1024, 1024, 1536])
  })

  test('other writers may state times, owners and modes, and pad numbers with spaces', () => {
    const header = rawHeader({
      name: 'a/b',
      size: '         17 ',
      mode: '0100777\0',
      mtime: '14371573735\0',
      uid: '   1750 ',
    })
    expect(decodeTarHeader(header)).toEqual({ name: 'a/b', bytes: 15 })
    expect(decodeTarHeader(rawHeader({ name: 'a/b', type: '\0' }))).toEqual({ name: 'a/b', bytes: 0 })
  })
})

describe('refused headers', () => {
  test.each([
    ['1', 'a hard link'],
    ['2', 'a symbolic link'],
    ['3', 'a character device'],
    ['4', 'a block device'],
    ['5', 'a directory'],
    ['6', 'a FIFO'],
    ['7', 'a contiguous file'],
    ['x', 'an extended (PAX) header'],
    ['g', 'a global extended (PAX) header'],
    ['L', 'a GNU long name'],
    ['K', 'a GNU long link'],
    ['S', 'a GNU sparse file'],
    ['V', 'of the unknown type 86'],
  ])('type %j: %s', (type, what) => {
    expect(() => decodeTarHeader(rawHeader({ name: 'some/name', type }))).toThrow(
      `entry some/name: it is ${what}`,
    )
  })

  test.each([
    ['/etc/passwd', 'it is absolute'],
    ['../up', 'one of its parts begins with a dot'],
    ['a/../../b', 'one of its parts begins with a dot'],
    ['./a', 'one of its parts begins with a dot'],
    ['a/./b', 'one of its parts begins with a dot'],
    ['a/.hidden', 'one of its parts begins with a dot'],
    ['a//b', 'it has an empty part'],
    ['a/', 'it has an empty part'],
    ['', 'it is empty'],
    ['a\\b', 'it has a backslash'],
    ['a\nb', 'it has a control character'],
    ['a\x7fb', 'it has a control character'],
    ['a\xe4b', 'it has a character outside printable ASCII'],
    ['a b', 'it has a character outside printable ASCII'],
    ['a\0b', 'bytes follow its NUL'],
  ])('name %j: %s', (name, why) => {
    expect(() => decodeTarHeader(rawHeader({ name }))).toThrow(`its name cannot be accepted: ${why}`)
  })

  test('a hostile name cannot forge a line of a log', () => {
    expect(() => decodeTarHeader(rawHeader({ name: 'x\n2026 ERROR all is lost' }))).toThrow(
      'entry x?2026 ERROR all is lost: ',
    )
  })

  test.each([
    ['77777777777z', 'no octal number'],
    ['           \0', 'empty'],
    ['-0000000001\0', 'negative'],
    ['\x80\0\0\0\x80\0\0\0\0\0\0\0', '9 EB in base 256'],
    ['\x80\0\0\x01\0\0\0\0\0\0\0\0', 'more than 64 bits'],
    ['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'negative in base 256'],
    ['\x80\0\0\0\0\x20\0\0\0\0\0\0', 'one more than can be counted exactly'],
  ])('size %j: %s', (size) => {
    expect(() => decodeTarHeader(rawHeader({ name: 'a', size }))).toThrow('the length in its header')
  })

  test('a wrong checksum, another magic, a link target', () => {
    const header = rawHeader({ name: 'a' })
    header[0] = 'b'.charCodeAt(0)
    expect(() => decodeTarHeader(header)).toThrow('entry b: the checksum of its header is wrong')
    expect(() => decodeTarHeader(rawHeader({ name: 'a', magic: 'ustar  \0' }))).toThrow('not plain ustar')
    expect(() => decodeTarHeader(rawHeader({ name: 'a', magic: '\0'.repeat(8) }))).toThrow('not plain ustar')
    expect(() => decodeTarHeader(rawHeader({ name: 'a', linkName: '/etc/passwd' }))).toThrow(
      'it names a link target',
    )
  })
})
