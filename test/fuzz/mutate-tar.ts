import { blockBytes, field } from '../../src/snapshot/archive/tar/tar-format.ts'
import { rawHeader, rawTar, type RawHeader, type RawMember } from '../support/tar.ts'
import type { Dice } from './dice.ts'

export interface Member extends RawMember {
  readonly name: string
  readonly body: Uint8Array
}

const octal = (value: number, digits = 11): string => `${value.toString(8).padStart(digits, '0')}\0`

export function memberOf(name: string, body: Uint8Array, fields: RawHeader = {}): Member {
  const cut = name.length <= 100 ? name.length : -1
  const at = cut >= 0 ? -1 : name.indexOf('/', name.length - 101)
  const parts = at < 0 ? { name } : { prefix: name.slice(0, at), name: name.slice(at + 1) }
  return { name, body, header: rawHeader({ ...parts, size: octal(body.byteLength), ...fields }) }
}

const sizes = [
  octal(0),
  octal(1),
  octal(511),
  octal(512),
  octal(8 ** 11 - 1),
  '-0000000001\0',
  '99999999999\0',
  '            ',
  '\0\0\0\0\0\0\0\0\0\0\0\0',
  '777777777777',
  '0x000000010\0',
  // Base 256: as large as can be, and negative.
  '\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff',
  '\x80\0\0\0\0\0\0\0\0\0\x02\0',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
]
const memberNames = [
  '',
  '.',
  '..',
  '/',
  '/etc/passwd',
  '../x',
  'segments/../../x',
  'segments//x',
  'segments/x/.hidden',
  'manifest.json',
  'manifest.json/',
  './manifest.json',
  'MANIFEST.JSON',
  'manifest.sig',
  'a\\b',
  'a\0b',
  'a\nb',
  '\xff\xfe',
  'x'.repeat(100),
]
// Links, devices, folders, pax headers of both kinds, GNU's long names, sparse files, volumes.
const types = ['0', '\0', '1', '2', '3', '4', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', 'M', 'V', 'D', 'A', ' ']

type TarMutation = (dice: Dice, members: Member[]) => Uint8Array | undefined

const mutations: Readonly<Record<string, TarMutation>> = {
  swapped: (dice, members) => {
    const [i, j] = [dice.under(members.length), dice.under(members.length)]
    ;[members[i], members[j]] = [members[j]!, members[i]!]
    return undefined
  },
  'bodies swapped': (dice, members) => {
    const [i, j] = [dice.under(members.length), dice.under(members.length)]
    const [a, b] = [members[i]!, members[j]!]
    members[i] = { ...a, body: b.body }
    members[j] = { ...b, body: a.body }
    return undefined
  },
  missing: (dice, members) => void members.splice(dice.under(members.length), 1),
  twice: (dice, members) => {
    members.splice(dice.under(members.length + 1), 0, dice.pick(members))
    return undefined
  },
  size: (dice, members) => replaced(dice, members, { size: dice.pick(sizes) }),
  name: (dice, members) => replaced(dice, members, { name: dice.pick(memberNames) }),
  type: (dice, members) => replaced(dice, members, { type: dice.pick(types) }),
  link: (dice, members) =>
    replaced(dice, members, { type: dice.pick(['1', '2']), linkName: dice.pick(memberNames) }),
  prefix: (dice, members) => replaced(dice, members, { prefix: dice.pick(memberNames) }),
  magic: (dice, members) => replaced(dice, members, { magic: dice.pick(['ustar  \0', '', 'ustar\x0001']) }),
  checksum: (dice, members) =>
    replaced(dice, members, { checksum: dice.pick(['000000\0 ', '       ', '-1']) }),
  'any field': (dice, members) => {
    const name = dice.pick(Object.keys(field) as (keyof typeof field)[])
    return replaced(dice, members, { [name]: Buffer.from(dice.bytes(field[name][1])).toString('latin1') })
  },
  pax: (dice, members) => {
    const records = dice.pick([
      '30 path=segments/../../evil\n',
      '22 size=99999999999999\n',
      '11 size=-1\n',
      '999999999 path=x\n',
      '25 GNU.sparse.major=1\n',
      'no record at all',
    ])
    const body = Buffer.from(records)
    members.splice(dice.under(members.length + 1), 0, memberOf('pax', body, { type: dice.pick(['x', 'g']) }))
    return undefined
  },
  stranger: (dice, members) => {
    const name = dice.chance(0.5) ? dice.pick(memberNames) : `segments/${dice.uuid()}/rows.parquet`
    members.splice(dice.under(members.length + 1), 0, memberOf(name, dice.bytes(dice.small(2_000))))
    return undefined
  },
  'no end': (_dice, members) => rawTar(members).subarray(0, -2 * blockBytes),
  'half an end': (_dice, members) => rawTar(members).subarray(0, -blockBytes),
  'bytes behind the end': (dice, members) =>
    Buffer.concat([rawTar(members), dice.bytes(1 + dice.small(2_000))]),
  'zeros behind the end': (dice, members) =>
    Buffer.concat([rawTar(members), Buffer.alloc(dice.pick([1, 511, 512, 10_240, 2 ** 20 + 512]))]),
  'two archives': (_dice, members) => Buffer.concat([rawTar(members), rawTar(members)]),
  padding: (dice, members) => {
    const tar = Buffer.from(rawTar(members))
    const member = dice.pick(members)
    const at = tar.indexOf(member.header) + blockBytes + member.body.byteLength
    if (member.body.byteLength % blockBytes !== 0) tar[at] = 1
    return tar
  },
}

const names = Object.keys(mutations)

/** The members as a tar file, changed in one way. */
export function mutateTar(dice: Dice, members: readonly Member[]): { bytes: Uint8Array; how: string } {
  const how = dice.pick(names)
  const changed = [...members]
  return { bytes: mutations[how]!(dice, changed) ?? rawTar(changed), how }
}

function replaced(dice: Dice, members: Member[], fields: RawHeader): undefined {
  const at = dice.chance(0.3) ? 0 : dice.under(members.length)
  const { name, body } = members[at]!
  members[at] = memberOf(name, body, fields)
  return undefined
}
