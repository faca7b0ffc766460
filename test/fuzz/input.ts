import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { ArchiveSecret } from '../../src/index.ts'
import { bytesInMemory } from '../../src/snapshot/archive/archive-bytes.ts'
import { encryptArchive } from '../../src/snapshot/archive/encryption/encrypt.ts'
import { signatureName, signManifest } from '../../src/snapshot/archive/signature/signature.ts'
import { collect, sha256Of } from '../support/archives.ts'
import { membersOf, rawTar } from '../support/tar.ts'
import { Dice } from './dice.ts'
import { restate, sealText } from '../support/rewrite-archive.ts'
import { textOf, treeOf } from './json-tree.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateFile } from './mutate-file.ts'
import { mutateJson } from './mutate-json.ts'
import { memberOf, mutateTar, type Member } from './mutate-tar.ts'
import type { Sample } from './samples.ts'

/** An archive as a stranger might send it, and how it came to be. */
export interface Input {
  readonly index: number
  readonly sample: Sample
  readonly bytes: Uint8Array
  readonly bases: readonly Uint8Array[]
  readonly decrypt: ArchiveSecret | undefined
  readonly trustedKeys: readonly string[] | undefined
  /** What was done to it; empty if it is as it was made. */
  readonly changes: readonly string[]
  /** How often it was made to state as many points as were found. */
  readonly recounts: number
  /** For what is done with it. */
  readonly dice: Dice
}

const secrets: readonly ArchiveSecret[] = [
  { key: new Uint8Array(32).fill(7) },
  { key: new Uint8Array(32).fill(8) },
  { passphrase: 'correct horse' },
]
/** Ten guesses a second would be few inputs. */
const cheap = { logN: 4, r: 1, p: 1 }

const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 5)])
const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
const signKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const trustedKey = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString()

/** Input `index` of a seed. */
export async function makeInput(samples: readonly Sample[], seed: number, index: number): Promise<Input> {
  const dice = new Dice(seed, index)
  const sample = dice.pick(samples)
  const changes: string[] = []
  let bytes: Uint8Array = sample.bytes
  const isSigned = dice.chance(0.08)
  if (dice.chance(0.85) || isSigned) bytes = mutateContent(dice, bytes, isSigned, changes)
  const isEncrypted = dice.chance(0.12)
  const secret = dice.pick(secrets)
  if (isEncrypted) bytes = await encrypted(bytes, secret)
  if (dice.chance(changes.length === 0 ? 0.8 : 0.05)) bytes = mutateWhole(dice, bytes, isEncrypted, changes)
  const bases = sample.base === undefined ? [] : mutateBases(dice, sample.base, samples, changes)
  const wrongKey = dice.chance(0.03)
  if (wrongKey) changes.push('another key')
  return {
    index,
    sample,
    bytes,
    bases,
    decrypt:
      isEncrypted !== wrongKey ? (isEncrypted ? secret : secrets[0]) : isEncrypted ? secrets[1] : undefined,
    trustedKeys: isSigned ? [trustedKey] : undefined,
    changes,
    recounts: 0,
    dice,
  }
}

/** What is in the archive is changed, and most of the time the manifest states it as it is then. */
function mutateContent(dice: Dice, archive: Uint8Array, isSigned: boolean, changes: string[]): Uint8Array {
  const members: Member[] = membersOf(archive).map(({ name, body }) => memberOf(name, body!))
  const files = new Map<string, Uint8Array>()
  for (let left = dice.pick([0, 0, 0, 1, 1, 1, 1, 2]); left > 0 && members.length > 1; left--) {
    const at = 1 + dice.under(members.length - 1)
    const { name } = members[at]!
    const other = dice.pick(members)
    const swap = dice.chance(0.06)
    const { bytes, how } = swap
      ? { bytes: other.body, how: `is ${other.name}` }
      : mutateFile(dice, name.slice(name.lastIndexOf('/') + 1), members[at]!.body)
    changes.push(`${name}: ${how}`)
    files.set(name, bytes)
    members[at] = memberOf(name, bytes)
  }
  const was = members[0]!.body
  const isRestated = files.size > 0 && dice.chance(0.93)
  if (files.size > 0 && !isRestated) changes.push('not restated')
  const isJsonChanged = dice.chance(files.size > 0 ? 0.15 : 0.6)
  if (isRestated || isJsonChanged)
    members[0] = memberOf(
      'manifest.json',
      mutateManifest(dice, was, files, isRestated, isJsonChanged, changes),
    )
  if (isSigned) {
    const signature = Buffer.from(signManifest(dice.chance(0.9) ? members[0]!.body : was, signKey))
    const isBroken = dice.chance(0.3)
    if (isBroken) changes.push('signature changed')
    members.splice(1, 0, memberOf(signatureName, isBroken ? mutateBytes(dice, signature).bytes : signature))
  }
  if (!dice.chance(files.size + Number(isJsonChanged) === 0 ? 0.6 : 0.04)) return rawTar(members)
  const tar = mutateTar(dice, members)
  changes.push(`tar: ${tar.how}`)
  return tar.bytes
}

function mutateManifest(
  dice: Dice,
  was: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  isRestated: boolean,
  isChanged: boolean,
  changes: string[],
): Uint8Array {
  const { sha256: _, ...manifest } = JSON.parse(Buffer.from(was).toString()) as Record<string, unknown>
  const tree = treeOf(isRestated ? restate(manifest, files) : manifest)
  if (isChanged) {
    // Most of the document is checksums, which are not worth most of the changes.
    const within = dice.chance(0.6)
      ? /\.(config|shards|pointCount|rowCount|minSeq|maxSeq|rowsUpTo|foreign|upTo|count|scope|shard|vector|aliases|formatVersion)\b/
      : undefined
    for (let left = dice.pick([1, 1, 1, 1, 1, 2, 3]); left > 0; left--)
      changes.push(mutateJson(dice, tree, within))
  }
  const text = textOf(tree)
  if (dice.chance(0.97)) return sealText(text)
  changes.push('manifest without its checksum')
  return Buffer.from(text)
}

/** The archive as a row of bytes. */
function mutateWhole(dice: Dice, was: Uint8Array, isEncrypted: boolean, changes: string[]): Uint8Array {
  let bytes: Buffer = Buffer.from(was)
  const isHead = dice.chance(isEncrypted ? 0.4 : 0.2)
  for (let left = dice.pick([1, 1, 2, 4]); left > 0; left--) {
    const part = isHead ? bytes.subarray(0, isEncrypted ? 128 : 1_024) : bytes
    const { bytes: changed, how } = mutateBytes(dice, part, isHead)
    bytes = isHead ? Buffer.concat([changed, bytes.subarray(part.length)]) : changed
    changes.push(`the whole: ${how}${isHead ? ' in the head' : ''}`)
  }
  return bytes
}

function mutateBases(
  dice: Dice,
  base: Uint8Array,
  samples: readonly Sample[],
  changes: string[],
): Uint8Array[] {
  const choice = dice.under(10)
  if (choice < 6) return [base]
  changes.push(choice < 8 ? 'damaged base' : choice === 8 ? 'no base' : 'other base')
  if (choice < 8)
    return [mutateBytes(dice, Buffer.from(base), dice.chance(0.7)).bytes, ...(dice.chance(0.3) ? [base] : [])]
  return choice === 8 ? [] : [dice.pick(samples).bytes]
}

async function encrypted(plain: Uint8Array, secret: ArchiveSecret): Promise<Uint8Array> {
  if (plain.byteLength === 0) return plain
  const identity = Buffer.from(sha256Of(plain), 'hex')
  const archive = await encryptArchive(bytesInMemory(plain), {
    secret,
    identity,
    saltSeed: 'fuzz',
    cost: cheap,
  })
  return collect(archive.stream())
}
