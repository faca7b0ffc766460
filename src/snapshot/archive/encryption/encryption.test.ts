import { beforeAll, describe, expect, test } from 'vitest'
import { archiveBytes, chunked, collect, sampleArchive } from '../../../../test/support/archives.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { bytesInMemory, type ArchiveBytes } from '../archive-bytes.ts'
import { ByteSource } from '../byte-source.ts'
import { bytesOfLayout, identityOfLayout } from '../layout.ts'
import { decryptBytes, decryptStream } from './decrypt.ts'
import { encryptArchive } from './encrypt.ts'
import {
  chunkBytes,
  chunkCount,
  chunkOffset,
  chunkOverheadBytes,
  encryptedBytes,
  field,
  headerBytes,
  type ScryptCost,
} from './format.ts'
import type { ArchiveSecret } from './keys.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const random = seededRandom(seed)
const cheap: ScryptCost = { logN: 4, r: 1, p: 1 }
const secret: ArchiveSecret = { key: randomBytes(32) }
const passphrase: ArchiveSecret = { passphrase: 'correct horse' }

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256))
}

function below(bound: number): number {
  return Math.floor(random.next() * bound)
}

function encrypt(plain: Uint8Array, by = secret, identity = plain.subarray(0, 32)): Promise<ArchiveBytes> {
  return encryptArchive(bytesInMemory(plain), { secret: by, identity, saltSeed: 'a snapshot', cost: cheap })
}

async function sealed(plain: Uint8Array, by = secret): Promise<Uint8Array> {
  return collect((await encrypt(plain, by)).stream())
}

function unseal(bytes: Uint8Array, by: ArchiveSecret | undefined = secret): Promise<Uint8Array> {
  return collect(decryptStream(new ByteSource(chunked(bytes, 10_007)), by))
}

async function unsealRanges(bytes: Uint8Array, by: ArchiveSecret | undefined = secret): Promise<Uint8Array> {
  return collect((await decryptBytes(bytesInMemory(bytes), by)).stream())
}

const lengths = [
  1,
  2,
  511,
  chunkBytes - 1,
  chunkBytes,
  chunkBytes + 1,
  2 * chunkBytes,
  3 * chunkBytes + 12_345,
]

describe(`seed ${seed}`, () => {
  test.each(lengths)('%i bytes come back, whole and in ranges', async (length) => {
    const plain = randomBytes(length)
    for (const by of [secret, passphrase]) {
      const form = await encrypt(plain, by)
      const whole = await collect(form.stream())
      expect(whole.byteLength).toBe(form.bytes)
      expect(form.bytes).toBe(encryptedBytes(length))
      expect(Buffer.compare(await unseal(whole, by), plain)).toBe(0)
      expect(Buffer.compare(await unsealRanges(whole, by), plain)).toBe(0)
    }
  })

  test('any range of the encrypted form is that part of the whole, and so it is on the way back', async () => {
    const plain = randomBytes(3 * chunkBytes + 777)
    const form = await encrypt(plain)
    const whole = Buffer.from(await collect(form.stream()))
    const back = await decryptBytes(bytesInMemory(whole), secret)
    const edges = [0, 1, headerBytes, chunkOffset(1), chunkOffset(2) - 1, form.bytes - 1, form.bytes]
    for (let i = 0; i < 150; i++) {
      const offset = i < edges.length ? edges[i]! : below(form.bytes + 1)
      const length = below(Math.min(form.bytes - offset, i % 3 === 0 ? 300 : Infinity) + 1)
      const part = await collect(form.stream({ offset, length }))
      expect(Buffer.compare(part, whole.subarray(offset, offset + length)), `${offset} ${length}`).toBe(0)
      const from = below(plain.byteLength + 1)
      const count = below(plain.byteLength - from + 1)
      const plainPart = await collect(back.stream({ offset: from, length: count }))
      expect(Buffer.compare(plainPart, plain.subarray(from, from + count)), `${from} ${count}`).toBe(0)
    }
    expect(() => form.stream({ offset: 1, length: form.bytes })).toThrow('it has')
  })

  test('the same content gives the same bytes; other content shares neither salt nor nonce', async () => {
    const plain = randomBytes(2 * chunkBytes)
    expect(await sealed(plain)).toEqual(await sealed(plain))
    expect(await sealed(plain, passphrase)).toEqual(await sealed(plain, passphrase))
    const other = Uint8Array.from(plain)
    other[chunkBytes + 5]! ^= 1
    // The hash stays what it was, as if a disk gave a wrong byte below a range that nobody can check.
    const [one, two] = [await sealed(plain), await collect((await encrypt(other)).stream())]
    expect(one.subarray(0, chunkOffset(1))).toEqual(two.subarray(0, chunkOffset(1)))
    const nonceOf = (bytes: Uint8Array): Buffer =>
      Buffer.from(bytes.subarray(chunkOffset(1), chunkOffset(1) + 12))
    expect(nonceOf(one).equals(nonceOf(two))).toBe(false)
    const three = await collect((await encrypt(plain, secret, randomBytes(32))).stream())
    const [saltAt, saltBytes] = field.fileSalt
    expect(three.subarray(saltAt, saltAt + saltBytes)).not.toEqual(one.subarray(saltAt, saltAt + saltBytes))
    expect(three.subarray(chunkOffset(0))).not.toEqual(one.subarray(chunkOffset(0)))
  })

  test('a flipped bit anywhere is refused, and its chunk is named', async () => {
    const plain = randomBytes(3 * chunkBytes + 100)
    const whole = await sealed(plain)
    const places = [
      ...Array.from({ length: headerBytes }, (_, at) => at),
      ...[0, 1, 2, 3].flatMap((index) => [
        chunkOffset(index),
        chunkOffset(index) + 11,
        chunkOffset(index) + 12,
        chunkOffset(index) + 12 + below(100),
        (index === 3 ? whole.byteLength : chunkOffset(index + 1)) - 1,
        (index === 3 ? whole.byteLength : chunkOffset(index + 1)) - 16,
      ]),
      ...Array.from({ length: 30 }, () => below(whole.byteLength)),
    ]
    for (const at of places) {
      const changed = Uint8Array.from(whole)
      changed[at]! ^= 1 << below(8)
      const chunk = Math.floor((at - headerBytes) / (chunkBytes + chunkOverheadBytes)) + 1
      for (const read of [unseal, unsealRanges]) {
        const error: unknown = await read(changed).then(
          () => expect.unreachable(`byte ${at} was accepted`),
          (reason: unknown) => reason,
        )
        if (at >= headerBytes) {
          expect(error, `byte ${at}`).toMatchObject({
            code: 'archive-invalid',
            details: { chunk, chunks: 4 },
          })
          expect((error as Error).message).toContain(`chunk ${chunk} of 4`)
        } else {
          expect((error as { code: string }).code, `byte ${at}`).toMatch(/^archive-(invalid|key-wrong)$/)
        }
      }
    }
  })

  test('chunks that are swapped, repeated, left out or from another archive are refused', async () => {
    const plain = randomBytes(4 * chunkBytes)
    const whole = Buffer.from(await sealed(plain))
    const chunk = (bytes: Buffer, index: number): Buffer =>
      bytes.subarray(chunkOffset(index), chunkOffset(index + 1))
    const built = (...chunks: Buffer[]): Buffer => Buffer.concat([whole.subarray(0, headerBytes), ...chunks])
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => chunk(whole, index)) as [Buffer, Buffer, Buffer, Buffer]
    const other = Buffer.from(await collect((await encrypt(plain, secret, randomBytes(32))).stream()))
    const cases: readonly (readonly [Buffer, number])[] = [
      [built(b, a, c, d), 1],
      [built(a, a, c, d), 2],
      [built(a, b, d, c), 3],
      [built(a, b, d), 3],
      [built(a, b, c, c), 4],
      [built(chunk(other, 0), b, c, d), 1],
    ]
    for (const [bytes, number] of cases) {
      await expect(unseal(bytes)).rejects.toThrow(`chunk ${number} of 4`)
      await expect(unsealRanges(bytes)).rejects.toThrow(`chunk ${number} of 4`)
    }
    // All of another archive behind this one's header.
    await expect(unseal(built(other.subarray(headerBytes)))).rejects.toThrow('chunk 1 of 4')
  })

  test('an archive that is cut off or goes on is refused', async () => {
    const whole = await sealed(randomBytes(2 * chunkBytes + 5))
    const cuts = [
      0,
      1,
      127,
      128,
      129,
      chunkOffset(1) - 1,
      chunkOffset(1),
      chunkOffset(2),
      whole.byteLength - 1,
    ]
    for (const length of cuts) {
      for (const read of [unseal, unsealRanges]) {
        const result = read(whole.subarray(0, length))
        await expect(result, `${length} bytes`).rejects.toMatchObject({ code: 'archive-invalid' })
      }
    }
    await expect(unseal(whole.subarray(0, chunkOffset(2)))).rejects.toThrow('chunk 3 of 3')
    const longer = Buffer.concat([whole, Buffer.from([0])])
    await expect(unseal(longer)).rejects.toThrow('bytes follow its last encrypted chunk')
    await expect(unsealRanges(longer)).rejects.toThrow('bytes follow its last encrypted chunk')
  })

  test('another key, another passphrase, the other kind, or none', async () => {
    const plain = randomBytes(100)
    const [byKey, byPassphrase] = [await sealed(plain), await sealed(plain, passphrase)]
    const wrong = { code: 'archive-key-wrong' }
    for (const read of [unseal, unsealRanges]) {
      await expect(read(byKey, { key: randomBytes(32) })).rejects.toMatchObject(wrong)
      await expect(read(byKey, passphrase)).rejects.toMatchObject(wrong)
      await expect(read(byPassphrase, { passphrase: 'correct horsE' })).rejects.toMatchObject(wrong)
      await expect(read(byPassphrase, secret)).rejects.toMatchObject(wrong)
    }
    await expect(
      collect(decryptStream(new ByteSource(chunked(byKey, 100)), undefined)),
    ).rejects.toMatchObject(wrong)
    await expect(decryptBytes(bytesInMemory(byPassphrase), undefined)).rejects.toMatchObject(wrong)
    await expect(encrypt(plain, { key: randomBytes(31) })).rejects.toMatchObject({ code: 'request-invalid' })
    await expect(encrypt(plain, { passphrase: '' })).rejects.toMatchObject({ code: 'request-invalid' })
  })

  test('a header that asks for too much memory is refused before any is taken', async () => {
    const whole = Buffer.from(await sealed(randomBytes(10), passphrase))
    whole[field.scryptN[0]] = 40
    whole[field.scryptR[0]] = 255
    await expect(unseal(whole, passphrase)).rejects.toThrow('asks for scrypt with N 2^40')
  })
})

describe('an archive', () => {
  let plain: ArchiveBytes
  let identity: Uint8Array

  beforeAll(async () => {
    const { layout } = await sampleArchive(random)
    plain = bytesOfLayout(layout)
    identity = identityOfLayout(layout)
    expect(Buffer.compare(await collect(plain.stream()), await archiveBytes(layout))).toBe(0)
  })

  test('made from what is not there yet reads back', async () => {
    const form = await encryptArchive(plain, { secret, identity, saltSeed: 'x' })
    const bytes = await collect(form.stream())
    expect(chunkCount(plain.bytes)).toBeGreaterThan(0)
    expect(Buffer.compare(await unseal(bytes), await collect(plain.stream()))).toBe(0)
  })
})
