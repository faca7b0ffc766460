import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { archiveBytes, chunked, sampleArchive, sha256Of } from '../../../../test/support/archives.ts'
import { membersOf, rawFile, rawTar, type RawMember } from '../../../../test/support/tar.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { checkArchive } from '../import-archive.ts'
import { createEncryptionKey, createSigningKeys, parseEncryptionKey } from './keys.ts'
import { signatureName, signManifest } from './signature.ts'

const mine = createSigningKeys()
const theirs = createSigningKeys()
const members = membersOf(await archiveBytes((await sampleArchive(seededRandom(5))).layout))
const [manifest, ...files] = members as readonly RawMember[] as readonly [RawMember, ...RawMember[]]

function signed(signature: Uint8Array = signManifest(manifest.body!, mine.privateKey)): Uint8Array {
  return rawTar([manifest, rawFile(signatureName, signature), ...files])
}

function check(bytes: Uint8Array, trustedKeys?: readonly string[]): ReturnType<typeof checkArchive> {
  return checkArchive({ source: chunked(bytes, 1000), trustedKeys })
}

describe('signatures', () => {
  test('the same for the same manifest and key, and reported', async () => {
    expect(signed()).toEqual(signed())
    const { signature } = await check(signed())
    expect(signature).toMatchObject({ algorithm: 'ed25519', keyId: mine.keyId })
    expect((await check(signed(), [theirs.publicKey, mine.publicKey])).signature).toEqual(signature)
    expect((await check(rawTar(members))).signature).toBeUndefined()
  })

  test('of nobody, of another, of another manifest', async () => {
    const untrusted = { code: 'archive-untrusted' }
    await expect(check(rawTar(members), [mine.publicKey])).rejects.toMatchObject(untrusted)
    await expect(check(signed(), [theirs.publicKey])).rejects.toMatchObject(untrusted)
    await expect(check(signed(), [theirs.publicKey])).rejects.toThrow(mine.keyId)
    await expect(check(signed(), [])).rejects.toMatchObject(untrusted)
    const ofAnother = signManifest(Buffer.from('another'), mine.privateKey)
    await expect(check(signed(ofAnother), [mine.publicKey])).rejects.toThrow('is not what the key')
    // Their signature under my key's name.
    const forged = JSON.parse(
      Buffer.from(signManifest(manifest.body!, theirs.privateKey)).toString(),
    ) as object
    const renamed = Buffer.from(JSON.stringify({ ...forged, keyId: mine.keyId }))
    await expect(check(signed(renamed), [mine.publicKey])).rejects.toMatchObject(untrusted)
  })

  test('a manifest that was changed, with its own checksum made right, is refused before it is read', async () => {
    const text = Buffer.from(manifest.body!).toString()
    const content = text
      .slice(0, text.lastIndexOf(',"sha256"'))
      .replace('before the change', 'after the change!')
    const changed = Buffer.from(`${content},"sha256":"${sha256Of(Buffer.from(content))}"}\n`)
    const signature = rawFile(signatureName, signManifest(manifest.body!, mine.privateKey))
    const archive = rawTar([rawFile('manifest.json', changed), signature, ...files])
    await check(archive)
    await expect(check(archive, [mine.publicKey])).rejects.toMatchObject({ code: 'archive-untrusted' })
    const garbage = rawTar([rawFile('manifest.json', Buffer.from('garbage')), signature, ...files])
    await expect(check(garbage, [mine.publicKey])).rejects.toMatchObject({ code: 'archive-untrusted' })
  })

  test('every changed byte of the entry is refused by who trusts', async () => {
    const good = signManifest(manifest.body!, mine.privateKey)
    for (let at = 0; at < good.byteLength; at++) {
      const changed = Uint8Array.from(good)
      changed[at]! ^= 1
      const error: unknown = await check(signed(changed), [mine.publicKey]).then(
        // White space may differ.
        () => (good[at] === 10 ? { code: 'archive-invalid' } : undefined),
        (reason: unknown) => reason,
      )
      expect((error as { code: string }).code, `byte ${at}`).toMatch(/^archive-(invalid|untrusted)$/)
    }
  })

  test.each([
    ['', 'it is no JSON document'],
    ['{}', 'keyId'],
    [
      '{"algorithm":"rsa","keyId":"00000000000000000000000000000000","signature":"' + 'A'.repeat(86) + '=="}',
      'algorithm',
    ],
    [
      '{"algorithm":"ed25519","keyId":"00000000000000000000000000000000","signature":"AA=="}',
      'signature is not 64',
    ],
    [' '.repeat(5000), 'it has 5000 bytes'],
  ])('malformed: %j', async (text, why) => {
    await expect(check(signed(Buffer.from(text)))).rejects.toThrow(`entry manifest.sig: ${why}`)
  })

  test('anywhere but behind the manifest, or twice', async () => {
    const signature = rawFile(signatureName, signManifest(manifest.body!, mine.privateKey))
    const late = rawTar([manifest, ...files, signature])
    await expect(check(late)).rejects.toThrow('entry manifest.sig: the manifest does not list it')
    await expect(check(late, [mine.publicKey])).rejects.toMatchObject({ code: 'archive-untrusted' })
    await expect(check(rawTar([manifest, signature, signature, ...files]))).rejects.toThrow(
      'does not list it',
    )
    await expect(check(rawTar([signature, manifest, ...files]))).rejects.toThrow(
      'its first entry is manifest.sig',
    )
  })
})

describe('keys', () => {
  test('only Ed25519 signs, and only PEM is read', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const invalid = { code: 'request-invalid' }
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(() => signManifest(manifest.body!, pem)).toThrow('its type is ec, not ed25519')
    expect(() => signManifest(manifest.body!, mine.publicKey)).toThrow('it is no key in PEM')
    const other = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await expect(check(signed(), [other])).rejects.toMatchObject(invalid)
    await expect(check(signed(), ['nothing'])).rejects.toMatchObject(invalid)
  })

  test('an encryption key is a line of text', () => {
    const line = createEncryptionKey()
    expect(line).toMatch(/^stillpoint-key-1 \S{44}\n$/)
    expect(parseEncryptionKey(line)).toHaveLength(32)
    expect(createEncryptionKey()).not.toBe(line)
    for (const text of ['', line.slice(1), line.slice(0, -5), 'AAAA', `${line}${line}`])
      expect(() => parseEncryptionKey(text)).toThrow('Cannot use the encryption key')
  })
})
