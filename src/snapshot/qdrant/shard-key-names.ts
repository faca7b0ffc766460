// Qdrant's shard keys are texts, of any length and content, and whole numbers from 0; 7 and "7" differ. Under a key lies a
// partition. A text that can be its name is the name; other names begin with "#":
//   #7          the number 7
//   #t:a%2Fb    the text a/b, written as in URLs

/** A bigint beyond 2^53 - 1. */
export type ShardKey = string | number | bigint

const numberMark = '#'
const textMark = '#t:'

/** The name of the key's partition; one that the engine refuses where the key is too long for it. */
export function partitionOfShardKey(key: ShardKey): string {
  if (typeof key !== 'string') return `${numberMark}${key}`
  return isPlain(key) ? key : `${textMark}${encodeText(key)}`
}

/** The key of a partition; undefined for the default one, which has none. */
export function shardKeyOfPartition(name: string): ShardKey | undefined {
  if (name === '_default') return undefined
  if (name.startsWith(textMark)) return decodeText(name.slice(textMark.length)) ?? name
  if (!/^#(?:0|[1-9]\d*)$/.test(name)) return name
  const number = BigInt(name.slice(numberMark.length))
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number
}

function isPlain(key: string): boolean {
  return key !== '' && key !== '.' && key !== '..' && key !== '_default' && !/^#|[/\\\p{Cc}\p{Cs}]/u.test(key)
}

/** Halves of surrogate pairs, which no URL can hold, do not come in from outside. */
function encodeText(text: string): string {
  const escaped = text.replace(/[%/\\\p{Cc}]/gu, (char) => encodeURIComponent(char))
  return /^\.\.?$/.test(escaped) ? escaped.replaceAll('.', '%2E') : escaped
}

function decodeText(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // The name was not made here: it stands for itself.
    return undefined
  }
}
