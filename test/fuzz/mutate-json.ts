import type { Dice } from './dice.ts'
import { placesOf, textOf, type JsonNode, type JsonPlace } from './json-tree.ts'

const text = (json: string): JsonNode => ({ kind: 'text', text: json })

const numbers =
  '0 1 2 3 -1 -0 0.5 1e0 1e3 1.5e300 1e999 -1e999 255 256 1024 1025 65535 65536 65537 4294967295 4294967296 9007199254740991 9007199254740992 18446744073709551615 1e-400 00 0x10 NaN 123456789012345678901234567890'.split(
    ' ',
  )

const texts = [
  '',
  ' ',
  'a',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  'a/b',
  'a\\b',
  '__proto__',
  'constructor',
  'toString',
  'manifest.json',
  'rows.parquet',
  'ROWS.PARQUET',
  '\u0000',
  '\ud800',
  'ä'.repeat(300),
  '😀',
  'dense',
  'sparse',
  'multi',
  'Cosine',
  'Dot',
  'Euclid',
  'Manhattan',
  'float16',
  'uint8',
  'idf',
  'keyword',
  'integer',
  'float',
  'bool',
  'datetime',
  'uuid',
  'text',
  'geo',
  'prefix',
  'multilingual',
  'collection',
  'store',
  'several',
  'shard',
  '00000000-0000-4000-8000-000000000000',
  '0'.repeat(64),
  'n[].m',
  'a.b[0',
]
const keys = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '',
  'x',
  'vector',
  'column',
  'kind',
  'shard',
  'base',
]

const rawTexts = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '""',
  '[[]]',
  '{"__proto__":{"isAdmin":true}}',
  '',
  ',',
  '}',
  '\u0001',
]

/** Which value stands there: another of its kind, or of any. */
function anyNode(dice: Dice, was: JsonNode): JsonNode {
  const isText = was.kind === 'text' && was.text.startsWith('"')
  const isNumber = was.kind === 'text' && /^[-\d]/.test(was.text)
  const choice = dice.under(10)
  if (isNumber && choice < 3) return text(String(Number(was.text) + dice.pick([-2, -1, 1, 2, 1_000])))
  if ((isNumber && choice < 7) || choice === 7) return text(dice.pick(numbers))
  if ((isText && choice < 7) || choice === 8) return text(JSON.stringify(dice.pick(texts)))
  if (choice === 9 && dice.chance(0.3)) return text(deep(dice))
  return text(dice.pick(rawTexts))
}

function deep(dice: Dice): string {
  const depth = dice.pick([10, 100, 1_000, 5_000, 20_000, 100_000])
  return dice.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
}

const copyOf = (node: JsonNode): JsonNode => structuredClone(node)

type Change = (dice: Dice, place: JsonPlace, all: readonly JsonPlace[]) => void

const changes: Readonly<Record<string, Change>> = {
  value: (dice, place) => place.set(anyNode(dice, place.node)),
  remove: (_dice, place) => place.remove(),
  twice: (_dice, place) => place.insert(copyOf(place.node)),
  'twice, another value': (dice, place) => place.insert(anyNode(dice, place.node)),
  'new member': (dice, place) => place.insert(anyNode(dice, place.node), dice.pick(keys)),
  renamed: (dice, place) => {
    place.insert(copyOf(place.node), dice.chance(0.5) ? dice.pick(keys) : dice.pick(texts))
    place.remove()
  },
  'from elsewhere': (dice, place, all) => place.set(copyOf(dice.pick(all).node)),
  // What stands under the same name elsewhere fits better, and so gets further.
  'from its like': (dice, place, all) => {
    const name = nameOf(place.path)
    place.set(copyOf(dice.pick(all.filter(({ path }) => nameOf(path) === name)).node))
  },
  many: (dice, place) => {
    if (textOf(place.node).length > 2_000) return
    for (let left = dice.pick([10, 100, 2_000]); left > 0; left--) place.insert(copyOf(place.node))
  },
}

const names = Object.keys(changes)
const usual = ['value', 'value', 'value', 'from its like', 'from its like']

const nameOf = (path: string): string => /[^.[]*$/.exec(path)![0]

/** Changes the tree in one place; says where and how. `within` limits it to paths that match. */
export function mutateJson(dice: Dice, root: JsonNode, within?: RegExp): string {
  const all = placesOf(root)
  const near = within === undefined ? all : all.filter(({ path }) => within.test(path))
  if (near.length === 0) return 'nothing to change'
  const place = dice.pick(near)
  const how = dice.chance(0.7) ? dice.pick(usual) : dice.pick(names)
  const before = textOf(place.node).slice(0, 60)
  changes[how]!(dice, place, all)
  return `${place.path}: ${how} (was ${before})`
}
