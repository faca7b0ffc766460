import { malformed } from '../status.ts'

// Enums as the REST API spells them: `MaxSim` is `max_sim`.

/** Spelled as they stand. */
const asWritten = new Set(['Distance'])
/** Members that say that nothing was chosen. */
const nothing = new Set(['Default', 'MemoryUnknown'])
/** Enums of which a member is spelled like one of `nothing`, and means something. */
const allMean = new Set(['BinaryQuantizationQueryEncodingSetting'])

const refusals: Readonly<Record<string, (value: number) => string>> = {
  Distance: (value) =>
    value === 0
      ? 'Malformed distance parameter: UnknownDistance'
      : `Malformed distance parameter, unexpected value: ${value}`,
  QuantizationType: () => 'Unknown quantization type',
  CompressionRatio: () => 'Unknown compression ratio',
  TokenizerType: () => 'unknown tokenizer type',
  BinaryQuantizationEncoding: () => 'Unknown binary quantization encoding',
  TurboQuantBitSize: () => 'Unknown turbo quantization bit size',
  MultiVectorComparator: () => 'Unknown multi vector comparator',
  Datatype: (value) => `Cannot convert datatype: ${value}`,
  Memory: (value) => `Cannot convert memory placement: ${value}`,
  Modifier: (value) => `Cannot convert sparse modifier: ${value}`,
}

interface Enumeration {
  readonly name: string
  readonly values: Readonly<Record<string, number>>
  readonly valuesById: Readonly<Record<number, string>>
}

/** Undefined for the member that means nothing. @throws StatusError for a number that is none of the members' */
export function enumWord(enumeration: Enumeration, value: number): string | undefined {
  const { name, valuesById } = enumeration
  const member = valuesById[value]
  if (member === undefined || member.startsWith('Unknown')) {
    throw malformed(refusals[name]?.(value) ?? `Unknown value of ${name}: ${value}`)
  }
  return nothing.has(member) && !allMean.has(name) ? undefined : spelled(name, member)
}

/** The number of the member of this spelling. */
export function enumNumber({ name, values }: Enumeration, word: string): number | undefined {
  const member = Object.keys(values).find((one) => spelled(name, one) === word)
  return member === undefined ? undefined : values[member]
}

function spelled(name: string, member: string): string {
  return asWritten.has(name) ? member : member.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
}
