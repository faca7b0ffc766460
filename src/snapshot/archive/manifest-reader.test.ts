import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { sampleArchive, sha256Of } from '../../../test/support/archives.ts'
import type { DatabaseError } from '../../errors/database-error.ts'
import { seededRandom } from '../../runtime/random.ts'
import { archiveFormatVersion, type ArchiveManifest } from './format.ts'
import { decodeArchiveManifest, parseArchiveManifest } from './manifest-reader.ts'
import { createArchiveManifest, encodeArchiveManifest } from './manifest-writer.ts'

/** A manifest as JSON.parse gives it, to be spoiled. */
type Draft = any // eslint-disable-line @typescript-eslint/no-explicit-any

let manifest: ArchiveManifest
let draft: Draft

beforeAll(async () => {
  manifest = (await sampleArchive(seededRandom(1), { scope: 'store' })).manifest
})

function spoiled(spoil: (draft: Draft) => void): Draft {
  const text = Buffer.from(encodeArchiveManifest(manifest)).toString('utf8')
  draft = JSON.parse(text)
  spoil(draft)
  return draft
}

/** The document with a checksum that is right. */
function sealed(text: string): Uint8Array {
  const body = Buffer.from(text.trim().replace(/\}$/, ''))
  return Buffer.concat([body, Buffer.from(`,"sha256":"${sha256Of(body)}"}\n`)])
}

describe('manifest.json', () => {
  test('what is written reads back, own keys named __proto__ included', () => {
    const read = decodeArchiveManifest(encodeArchiveManifest(manifest))
    expect(encodeArchiveManifest(read)).toEqual(encodeArchiveManifest(manifest))
    expect(read.snapshot).toEqual(manifest.snapshot)
    expect(Object.entries(read.snapshot.labels)).toContainEqual(['__proto__', 'an own key'])
    expect(read.collections).toEqual(manifest.collections)
    expect(read.files).toEqual(manifest.files)
    expect(Object.getPrototypeOf({})).not.toHaveProperty('an own key')
  })

  test('the same content gives the same bytes, whatever the order it comes in', () => {
    const { snapshot } = manifest
    const shuffled = createArchiveManifest({
      collections: manifest.collections.map(({ config, ...collection }) => ({
        ...collection,
        config: {
          settings: config.settings!,
          payloadIndexes: config.payloadIndexes,
          shardNumber: 2,
          vectors: config.vectors,
        },
      })),
      aliases: manifest.aliases,
      database: manifest.database,
      segments: manifest.segments
        .toReversed()
        .map(({ files, ...segment }) => ({ files: files.toReversed(), ...segment })),
      snapshot: { ...snapshot, labels: Object.fromEntries(Object.entries(snapshot.labels).reverse()) },
    })
    expect(Buffer.from(encodeArchiveManifest(shuffled)).equals(encodeArchiveManifest(manifest))).toBe(true)
  })

  test('members that this release does not know are ignored', () => {
    const parsed = parseArchiveManifest(
      spoiled((draft) => {
        draft.later = { a: 1 }
        draft.snapshot.later = true
        draft.collections[0].shards[0][0].later = []
        draft.collections[0].config.later = 'x'
      }),
    )
    expect(parsed).toEqual(decodeArchiveManifest(encodeArchiveManifest(manifest)))
  })

  test('a newer format is refused as such, however it looks', () => {
    const value = { format: 'stillpoint-archive', formatVersion: archiveFormatVersion + 1 }
    expect(() => parseArchiveManifest(value)).toThrow(
      expect.objectContaining({ code: 'version-unsupported' }),
    )
  })

  test('so is a segment of a newer format', () => {
    const value = spoiled((draft) => (draft.segments[2].formatVersion = 99))
    expect(() => parseArchiveManifest(value)).toThrow(
      expect.objectContaining({ code: 'version-unsupported' }),
    )
  })

  test('every changed, missing or added byte is noticed', () => {
    const bytes = encodeArchiveManifest(manifest)
    const step = 7
    for (let at = 0; at < bytes.byteLength; at += step) {
      const flipped = Uint8Array.from(bytes)
      flipped[at]! ^= 1 << (at & 7)
      for (const damaged of [
        flipped,
        bytes.subarray(0, at),
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
      ]) {
        expect(() => decodeArchiveManifest(damaged)).toThrow(
          expect.objectContaining({ code: 'archive-invalid' }),
        )
      }
    }
    expect(() => decodeArchiveManifest(Buffer.concat([bytes, Buffer.from('\n')]))).toThrow(
      'it does not end with its checksum',
    )
  })
})

describe('hostile documents', () => {
  test.each([
    ['no object', '[1]'],
    ['no JSON', '{"format":'],
    ['deep nesting', `{"format":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['deep nesting of objects', `{"format":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['wrong UTF-8', '{"format":"\ud800"}'],
    ['another format', '{"format":"something"}'],
    ['an empty object', '{"x":1}'],
  ])('%s', (_, text) => {
    expect(() => decodeArchiveManifest(sealed(text))).toThrow(
      expect.objectContaining({ code: 'archive-invalid' }),
    )
  })

  test('bytes that are no UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"format":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"')])
    const bytes = Buffer.concat([body, Buffer.from(`,"sha256":"${sha256Of(body)}"}\n`)])
    expect(() => decodeArchiveManifest(bytes)).toThrow('it is no JSON document in UTF-8')
  })

  test('members that come from a prototype do not count', () => {
    const text = '{"__proto__":{"format":"stillpoint-archive","formatVersion":1},"x":1}'
    expect(() => decodeArchiveManifest(sealed(text))).toThrow('format is not a string')
    expect(({} as Record<string, unknown>).format).toBeUndefined()
  })

  test.each<[string, (draft: Draft) => void, string]>([
    ['a fraction', (draft) => (draft.createdAt = 1.5), 'createdAt is not a whole number'],
    ['a negative number', (draft) => (draft.files[0].bytes = -1), 'files[0].bytes is not a whole number'],
    [
      'a number beyond 2^53',
      (draft) => (draft.files[0].bytes = 2 ** 53),
      'files[0].bytes is not a whole number',
    ],
    ['minus zero', (draft) => (draft.createdAt = -0), 'createdAt is not a whole number'],
    ['a bigint', (draft) => (draft.files[0].bytes = 2n ** 63n), 'files[0].bytes is not a whole number'],
    ['a number as text', (draft) => (draft.snapshot.seq = '7'), 'snapshot.seq is not a whole number'],
    ['an id that is a path', (draft) => (draft.segments[0].id = '../../etc'), 'segments[0].id is not a UUID'],
    [
      'an id in upper case',
      (draft) => (draft.segments[0].id = draft.segments[0].id.toUpperCase().replace('4', 'A')),
      'segments[0].id is not a UUID',
    ],
    [
      'a checksum in upper case',
      (draft) => (draft.files[0].sha256 = 'A'.repeat(64)),
      'files[0].sha256 is not a SHA-256',
    ],
    ['an unknown scope', (draft) => (draft.snapshot.scope = 'galaxy'), 'snapshot.scope is none of'],
    [
      'labels that are no text',
      (draft) => (draft.snapshot.labels = { a: 1 }),
      'snapshot.labels.a is not a string',
    ],
    ['labels in an array', (draft) => (draft.snapshot.labels = []), 'snapshot.labels is not an object'],
    [
      'shards in an object',
      (draft) => (draft.collections[0].shards = { length: 2 }),
      'collections[0].shards is not an array',
    ],
    ['no name', (draft) => (draft.collections[0].name = ''), 'collections[0].name is empty'],
    [
      'no dimensions',
      (draft) => (draft.collections[0].config.vectors.image.size = 0),
      'vectors.image.size is not a whole number',
    ],
    [
      'an unknown distance',
      (draft) => (draft.collections[0].config.vectors.image.distance = 'L7'),
      'vectors.image.distance is none of',
    ],
    [
      'a vector that is null',
      (draft) => (draft.collections[0].config.vectors.image = null),
      'vectors.image is not an object',
    ],
    [
      'an unknown index',
      (draft) => (draft.collections[0].config.payloadIndexes.city.type = 'x'),
      'payloadIndexes.city.type is none of',
    ],
    [
      'settings that are no object',
      (draft) => (draft.collections[0].config.settings = 'x'),
      'config.settings is not an object',
    ],
    [
      'a file name that climbs',
      (draft) => (draft.segments[0].files[0].name = '../x'),
      'segments[0].files[0].name cannot be',
    ],
    [
      'a file name with a slash',
      (draft) => (draft.segments[0].files[0].name = 'a/b'),
      'segments[0].files[0].name cannot be',
    ],
    [
      'a hidden file',
      (draft) => (draft.segments[0].files[0].name = '.x'),
      'segments[0].files[0].name cannot be',
    ],
    [
      'an entry that climbs',
      (draft) => (draft.files[0].name = 'segments/../x'),
      'files[0].name cannot be accepted',
    ],
    [
      'an absolute entry',
      (draft) => (draft.files[0].name = '/etc/passwd'),
      'files[0].name cannot be accepted: it is absolute',
    ],
  ])('%s', (_, spoil, message) => {
    expect(() => parseArchiveManifest(spoiled(spoil))).toThrow(message)
    expect(() => parseArchiveManifest(draft)).toThrow(expect.objectContaining({ code: 'archive-invalid' }))
  })
})

describe('the archive of one shard', () => {
  let one: ArchiveManifest
  beforeAll(async () => {
    const { manifest } = await sampleArchive(seededRandom(2), { scope: 'collection' })
    const [collection] = manifest.collections
    const shards = [[], collection!.shards[1]!]
    one = createArchiveManifest({
      ...manifest,
      snapshot: { ...manifest.snapshot, scope: 'shard', shard: 1 },
      collections: [{ ...collection!, shards, pointCount: 1 }],
      segments: manifest.segments.filter(({ id }) => shards.flat().some(({ segment }) => segment === id)),
    })
  })

  test('has a version of its own and reads back', () => {
    const read = decodeArchiveManifest(encodeArchiveManifest(one))
    expect(read).toMatchObject({ formatVersion: 3, snapshot: { scope: 'shard', shard: 1 } })
  })

  test.each<[string, (draft: Draft) => void, string]>([
    ['no such shard', (draft) => (draft.snapshot.shard = 2), 'snapshot.shard is 2 of 2'],
    ['segments elsewhere', (draft) => (draft.snapshot.shard = 0), 'has segments in other shards than 0'],
    ['an older version', (draft) => (draft.formatVersion = 2), 'formatVersion is lower'],
    [
      'no number',
      (draft) => delete draft.snapshot.shard,
      'snapshot.shard is there for a snapshot of one shard',
    ],
    ['another scope', (draft) => (draft.snapshot.scope = 'collection'), 'and only for that'],
  ])('is refused with %s', (_, spoil, message) => {
    const draft: Draft = JSON.parse(Buffer.from(encodeArchiveManifest(one)).toString('utf8'))
    spoil(draft)
    expect(() => parseArchiveManifest(draft)).toThrow(message)
  })
})

describe('parts that do not fit together', () => {
  test.each<[string, (draft: Draft) => void, string]>([
    ['a file listed twice', (draft) => draft.files.push(draft.files[0]), 'occurs twice'],
    ['a segment described twice', (draft) => draft.segments.push(draft.segments[0]), 'occurs twice'],
    [
      'a file listed twice in a segment',
      (draft) => draft.segments[0].files.push(draft.segments[0].files[0]),
      'lists segments/',
    ],
    [
      'a file that no segment has',
      (draft) => draft.files.push({ ...draft.files[0], name: 'segments/x/y' }),
      'belongs to no segment',
    ],
    ['a file that is not listed', (draft) => draft.files.pop(), 'files does not list segments/'],
    ['another length', (draft) => (draft.files[0].bytes += 1), 'states another length or SHA-256'],
    [
      'another checksum',
      (draft) => (draft.segments[0].files[0].sha256 = '0'.repeat(64)),
      'states another length or SHA-256',
    ],
    ['a segment that is not described', (draft) => draft.segments.pop(), 'which is not described'],
    ['a segment that nothing names', (draft) => draft.collections.pop(), 'is in no shard'],
    ['a delta in another segment', (draft) => moveDelta(draft), 'files does not list segments/'],
    [
      'a segment file as a delta',
      (draft) => useSegmentFileAsDelta(draft),
      'as a delta, which is a segment file',
    ],
    [
      'a segment twice in a shard',
      (draft) => draft.collections[0].shards[0].push(draft.collections[0].shards[0][0]),
      'occurs twice',
    ],
    [
      'fewer shards than configured',
      (draft) => (draft.collections[0].config.shardNumber = 3),
      'the configuration says 3',
    ],
    [
      'partitions without shards',
      (draft) => (draft.collections[0].config.partitions = ['_default', 'a']),
      'the configuration says 4',
    ],
    [
      'partitions without the default one',
      (draft) => (draft.collections[0].config.partitions = ['a']),
      'config.partitions',
    ],
    [
      'segments in no partition',
      (draft) => {
        draft.collections[0].config.partitions = ['_default', null]
        draft.collections[0].shards.unshift([], [])
      },
      'is of no partition',
    ],
    [
      'more points than rows',
      (draft) => (draft.collections[0].pointCount = 401),
      'is 401, but its segments have 400 rows',
    ],
    [
      'two collections of one name',
      (draft) => (draft.collections[1].name = draft.collections[0].name),
      'occurs twice',
    ],
    [
      'two collections of one id',
      (draft) => (draft.collections[1].id = draft.collections[0].id),
      'occurs twice',
    ],
    [
      'an alias of nothing',
      (draft) => (draft.aliases.x = 'nothing'),
      'names a collection that is not in the archive',
    ],
    [
      'an alias named like a collection',
      (draft) => (draft.aliases['collection 0'] = 'collection 1'),
      'is the name of a collection',
    ],
    [
      'two collections of one',
      (draft) => (draft.snapshot.scope = 'collection'),
      'the snapshot is one of a collection',
    ],
    [
      'numbers that are the wrong way round',
      (draft) => (draft.segments[0].minSeq = 901),
      'segments[0].minSeq is above maxSeq',
    ],
  ])('%s', (_, spoil, message) => {
    expect(() => parseArchiveManifest(spoiled(spoil))).toThrow(message)
    expect(() => parseArchiveManifest(draft)).toThrow(expect.objectContaining({ code: 'archive-invalid' }))
  })

  function moveDelta(draft: Draft): void {
    const entries = draft.collections.flatMap((collection: Draft) => collection.shards.flat())
    const from = entries.find((entry: Draft) => entry.deltas.length > 0)
    const to = entries.find((entry: Draft) => entry !== from)
    to.deltas.push(from.deltas.pop())
  }

  function useSegmentFileAsDelta(draft: Draft): void {
    const [entry] = draft.collections[0].shards[0]
    const { files } = draft.segments.find((segment: Draft) => segment.id === entry.segment)
    entry.deltas.push({ ...files[0], count: 1, upTo: 1 })
  }
})

test('whatever stands in any place of a document, it is accepted or refused as an archive', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      undefined,
      Number.NaN,
      -0,
      1e300,
      2n ** 64n,
      2 ** 53,
      '',
      '../..',
      '__proto__',
      [],
      {},
      [[]],
      [{}],
    ),
  )
  const places = placesOf(spoiled(() => undefined))
  fc.assert(
    fc.property(fc.nat(places.length - 1), value, (place, replacement) => {
      const document = spoiled((draft) => {
        const path = places[place]!
        const parent = path.slice(0, -1).reduce((node, key) => node[key], draft)
        parent[path.at(-1)!] = replacement
      })
      let parsed: ArchiveManifest
      try {
        parsed = parseArchiveManifest(document)
      } catch (error) {
        expect(error).toMatchObject({ name: 'DatabaseError' })
        expect(['archive-invalid', 'version-unsupported']).toContain((error as DatabaseError).code)
        return
      }
      const bytes = encodeArchiveManifest(parsed)
      expect(encodeArchiveManifest(decodeArchiveManifest(bytes))).toEqual(bytes)
    }),
    { numRuns: 1000 },
  )

  function placesOf(node: unknown, path: string[] = []): string[][] {
    if (typeof node !== 'object' || node === null) return path.length === 0 ? [] : [path]
    const below = Object.entries(node).flatMap(([key, child]) => placesOf(child, [...path, key]))
    return path.length === 0 ? below : [path, ...below]
  }
})
