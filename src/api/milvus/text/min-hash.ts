import { tokenize } from '../../../index.ts'
import { dimensionsOf, type FieldDocument, type FunctionDocument } from '../schema/document.ts'
import { dataTypes } from '../schema/data-types.ts'
import { invalidParameter, type MilvusError } from '../status.ts'
import { analyzerOf } from './analyzer.ts'

// A text as the smallest of the hashes of its shingles (so many words or characters one behind the other), for each of several
// families of hashes. The more shingles two texts share, the more of these numbers are the same. The hashes are our own.

const hashBits = 32
const defaults = { shingle_size: '3', seed: '1234', token_level: 'word' } as const
const levels = ['word', 'char', 'character']
const hashNames = ['xxhash', 'xxhash64', 'sha1']

type Made = Pick<FunctionDocument, 'name' | 'params'>

const paramsOf = ({ params }: Made): Record<string, string> => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(params).map(([key, value]) => [key.toLowerCase(), value])),
})

/** @throws 1100 if the function cannot be */
export function checkMinHash(made: Made, input: FieldDocument, output: FieldDocument): void {
  const fail = (what: string): MilvusError => invalidParameter(`minhash function ${what}`)
  if (input.type !== dataTypes.VarChar) throw fail(`input field '${input.name}' is not string type`)
  if (output.type !== dataTypes.BinaryVector)
    throw fail(`output field '${output.name}' is not binary vector type`)
  const params = paramsOf(made)
  for (const name of ['num_hashes', 'shingle_size'] as const) {
    const given = params[name]
    if (given === undefined || (/^\d+$/.test(given) && Number(given) > 0)) continue
    throw invalidParameter(`param ${name}:${given} must be positive`)
  }
  if (!/^-?\d+$/.test(params['seed']!))
    throw invalidParameter(`param seed:${params['seed']!} is not a number`)
  checkOneOf('token_level', params['token_level'], levels)
  checkOneOf('hash function', params['hash_function'], hashNames)
  const dimensions = dimensionsOf(output)
  const hashes = params['num_hashes']
  if (hashes !== undefined && Number(hashes) * hashBits !== dimensions)
    throw fail(
      `output field '${output.name}' dim ${dimensions} does not match expected dim ${Number(hashes) * hashBits}`,
    )
  if (dimensions % hashBits !== 0)
    throw fail(`output field '${output.name}' dim ${dimensions} is not multiple of ${hashBits}`)
}

function checkOneOf(name: string, given: string | undefined, known: readonly string[]): void {
  if (given === undefined || known.includes(given.toLowerCase())) return
  throw invalidParameter(`unknown ${name}: ${given}`)
}

/** The bits of the smallest hashes, as zeros and ones, the highest bit of each hash first. */
export function minHashVector(
  made: Made,
  input: FieldDocument,
  output: FieldDocument,
  text: string,
): Float32Array {
  const params = paramsOf(made)
  const isOfWords = params['token_level']!.toLowerCase() === 'word'
  const parts = isOfWords ? tokenize(text, analyzerOf(input), 'document') : [...text]
  const shingles = shinglesOf(parts, Number(params['shingle_size'])).map(hashOf)
  const vector = new Float32Array(dimensionsOf(output))
  const seed = Number(params['seed']) | 0
  for (let family = 0; family * hashBits < vector.length; family++) {
    const salt = mix(seed ^ mix(family + 1))
    let least = 0xffff_ffff
    for (const shingle of shingles) least = Math.min(least, mix(shingle ^ salt) >>> 0)
    for (let bit = 0; bit < hashBits; bit++) vector[family * hashBits + bit] = (least >>> (31 - bit)) & 1
  }
  return vector
}

/** A text of fewer parts is one shingle. */
function shinglesOf(parts: readonly string[], size: number): string[] {
  if (parts.length === 0) return []
  const count = Math.max(parts.length - size + 1, 1)
  return Array.from({ length: count }, (_, at) => parts.slice(at, at + size).join('\u0000'))
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

function mix(word: number): number {
  let hash = word | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
