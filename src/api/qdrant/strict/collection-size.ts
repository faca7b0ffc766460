import type { StoredSizes } from '../../../index.ts'
import { badRequest } from '../failures.ts'
import type { StrictLimits } from './limits.ts'

// Qdrant keeps each payload in blocks of this many bytes, and that is what its limit counts.
const payloadBlockBytes = 128
const bytesPerMegabyte = 2 ** 20

type Bounded = Pick<
  StrictLimits,
  'max_collection_vector_size_bytes' | 'max_collection_payload_size_bytes' | 'max_points_count'
>

/** @throws WireError 400 if a limit is reached */
export function checkSize(limits: Bounded, sizes: () => StoredSizes): void {
  const {
    max_collection_vector_size_bytes: vectorMax,
    max_collection_payload_size_bytes: payloadMax,
    max_points_count: pointsMax,
  } = limits
  if (vectorMax === undefined && payloadMax === undefined && pointsMax === undefined) return
  const { pointCount, vectorBytes, payloadBytes, storedRows } = sizes()
  if (vectorMax !== undefined && vectorBytes >= vectorMax) {
    throw badRequest(`Max vector storage size limit of ${megabytes(vectorMax)}MB reached!`)
  }
  if (payloadMax !== undefined && Math.max(payloadBytes, storedRows * payloadBlockBytes) >= payloadMax) {
    throw badRequest(`Max payload storage size limit of ${megabytes(payloadMax)}MB reached!`)
  }
  if (pointsMax !== undefined && pointCount >= pointsMax) {
    throw badRequest(`Max points count limit of ${pointsMax} reached!`)
  }
}

/** As the shortest digits that give the same float32, and never with an exponent. */
function megabytes(bytes: number): string {
  const value = Math.fround(bytes / bytesPerMegabyte)
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return plainDigits(text)
  }
  return plainDigits(value.toPrecision(9))
}

function plainDigits(text: string): string {
  const [, whole = '', fraction = '', exponent] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? []
  const point = whole.length + Number(exponent ?? 0)
  const digits = whole + fraction
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const rest = padded.slice(at).replace(/0+$/, '')
  return rest === '' ? padded.slice(0, at) : `${padded.slice(0, at)}.${rest}`
}
