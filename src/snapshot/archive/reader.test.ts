import { beforeAll, describe, expect, test } from 'vitest'
import { archiveBytes, chunked, sampleArchive, type SampleArchive } from '../../../test/support/archives.ts'
import { membersOf, rawFile, rawHeader, rawTar, type RawMember } from '../../../test/support/tar.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { seededRandom } from '../../runtime/random.ts'
import { manifestName } from './format.ts'
import { checkArchive, type ReadOptions } from './import-archive.ts'
import { readArchive } from './reader.ts'
import { trailingBytesMax } from './tar/tar-format.ts'

let sample: SampleArchive
let whole: Uint8Array
let members: ReturnType<typeof membersOf>

beforeAll(async () => {
  sample = await sampleArchive(seededRandom(3), { segmentsPerShard: 1, fileBytesMax: 700 })
  whole = await archiveBytes(sample.layout)
  members = membersOf(whole)
})

function inspect(bytes: Uint8Array, options: Partial<ReadOptions> = {}): ReturnType<typeof checkArchive> {
  return checkArchive({ source: chunked(bytes, 997), ...options })
}

async function refusal(bytes: Uint8Array): Promise<DatabaseError> {
  return inspect(bytes).then(
    () => expect.unreachable('the archive was accepted'),
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'archive-invalid' })
      return error as DatabaseError
    },
  )
}

function changed(index: number, change: (member: RawMember) => RawMember | undefined): Uint8Array {
  return rawTar(members.flatMap((member, at) => (at === index ? (change(member) ?? []) : member)))
}

describe('accepted', () => {
  test('a whole archive, in chunks of any length', async () => {
    for (const chunkBytes of [1, 100, 512, 1_000_000]) {
      const { manifest, bytes } = await checkArchive({ source: chunked(whole, chunkBytes) })
      expect(manifest).toEqual(sample.manifest)
      expect(bytes).toBe(whole.byteLength)
    }
  })

  test('the entries in any order behind the manifest', async () => {
    const [first, ...others] = members
    await inspect(rawTar([first!, ...others.reverse()]))
  })

  test('zeros behind the end, as other writers add them', async () => {
    await inspect(Buffer.concat([whole, new Uint8Array(10_240)]))
    await inspect(Buffer.concat([whole, new Uint8Array(trailingBytesMax)]))
  })

  test('chunks without bytes', async () => {
    async function* withEmpty(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunked(whole, 300)) {
        yield new Uint8Array(0)
        yield chunk
      }
    }
    await checkArchive({ source: withEmpty() })
  })
})

describe('refused', () => {
  test('cut off anywhere', async () => {
    for (let length = 0; length < whole.byteLength; length += length % 512 < 3 ? 1 : 509) {
      await refusal(whole.subarray(0, length))
    }
    expect((await refusal(whole.subarray(0, whole.byteLength - 1))).message).toContain('it is cut off after')
    expect((await refusal(new Uint8Array(0))).message).toContain('it is cut off after 0 bytes')
  })

  test('garbage behind the end, and zeros without end', async () => {
    expect((await refusal(Buffer.concat([whole, Buffer.from([1])]))).message).toContain(
      'bytes follow its end',
    )
    expect((await refusal(Buffer.concat([whole, whole]))).message).toContain('bytes follow its end')
    expect((await refusal(Buffer.concat([whole, new Uint8Array(trailingBytesMax + 1)]))).message).toContain(
      'zeros follow its end',
    )
  })

  test('one block of zeros for an end', async () => {
    const bytes = Buffer.from(whole)
    bytes.write('x', whole.byteLength - 512)
    expect((await refusal(bytes)).message).toContain('only one block of zeros ends it')
  })

  test('a first entry that is not the manifest', async () => {
    expect((await refusal(rawTar(members.slice(1)))).message).toContain(
      `its first entry is ${members[1]!.name}, not ${manifestName}`,
    )
    expect((await refusal(rawTar([]))).message).toContain(`its first entry is missing, not ${manifestName}`)
  })

  test.each([
    '0/segments/cfbc2ba3-ef74-477f-a3ea-f7de29dd4396.tar',
    '0/segments_manifest.json',
    '12/segments/',
    '0/wal/open-1',
    'segments/a5317475-fd7d-4c37-ad70-6601e1586406/files/vector_storage/vectors/config.json',
    'plain-3850053004583523-2026-11-21-02-44-37.snapshot',
    'config.json',
  ])('an archive of Qdrant, by name, when it begins with %s', async (name) => {
    const header = rawHeader({ name, magic: 'ustar  \0' })
    const error = await refusal(rawTar([{ header }, ...members]))
    expect(error.message).toBe(
      'Cannot read archive: it is an archive of Qdrant, which is imported, and not read in place',
    )
    expect(error.details).toEqual({ format: 'qdrant' })
    const plain = await refusal(rawTar([{ header: rawHeader({ name }) }, ...members]))
    // Ours have such entries, too.
    expect(plain.details['format']).toBe(name.startsWith('segments/') ? undefined : 'qdrant')
  })

  test('a manifest that is too long, before any of it is read', async () => {
    const source = chunked(
      Buffer.concat([rawHeader({ name: manifestName, size: '00400000001\0' }), whole]),
      512,
    )
    await expect(checkArchive({ source })).rejects.toThrow(
      'it has 67108865 bytes, more than the 67108864 that are accepted',
    )
    await expect(inspect(whole, { limits: { manifestBytesMax: 100 } })).rejects.toThrow(
      'more than the 100 that are accepted',
    )
  })

  test('a second manifest', async () => {
    const error = await refusal(rawTar([...members, members[0]!]))
    expect(error.details).toMatchObject({ entry: manifestName })
    expect(error.message).toContain('the manifest does not list it')
  })

  test('an entry that is not listed', async () => {
    const error = await refusal(rawTar([...members, rawFile('segments/extra', Buffer.from('x'))]))
    expect(error.message).toBe('Cannot read archive: entry segments/extra: the manifest does not list it')
  })

  test('an entry twice', async () => {
    expect((await refusal(rawTar([...members, members[1]!]))).message).toContain(
      `entry ${members[1]!.name}: it occurs twice`,
    )
  })

  test('a missing entry', async () => {
    const error = await refusal(rawTar(members.slice(0, -1)))
    expect(error.details).toEqual({ entry: members.at(-1)!.name })
    expect(error.message).toContain('it is missing')
  })

  test('an entry that is longer or shorter than the manifest says', async () => {
    const index = members.findIndex(({ body }, at) => at > 0 && body!.byteLength > 1)
    const { name, body } = members[index]!
    const longer = await refusal(
      changed(index, () => rawFile(name, Buffer.concat([body!, new Uint8Array(1)]))),
    )
    expect(longer.message).toContain(
      `entry ${name}: it has ${body!.byteLength + 1} bytes, the manifest says ${body!.byteLength}`,
    )
    const shorter = await refusal(changed(index, () => rawFile(name, body!.subarray(1))))
    expect(shorter.message).toContain(`it has ${body!.byteLength - 1} bytes`)
  })

  test('an entry that claims 8 EB, at once', async () => {
    const { name } = members[1]!
    const size = '\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff'
    const error = await refusal(changed(1, () => ({ header: rawHeader({ name, size }) })))
    expect(error.message).toContain(`entry ${name}: the length in its header`)
  })

  test('other bytes', async () => {
    const index = members.findIndex(({ body }, at) => at > 0 && body!.byteLength > 1)
    const { name, body } = members[index]!
    const evil = Buffer.from(body!)
    evil[0]! ^= 1
    expect((await refusal(changed(index, () => rawFile(name, evil)))).message).toContain(
      `entry ${name}: its SHA-256 is `,
    )
  })

  test('bytes in the padding', async () => {
    const bytes = Buffer.from(whole)
    bytes[512 + members[0]!.body!.byteLength] = 1
    expect((await refusal(bytes)).message).toContain(
      `entry ${manifestName}: the bytes that fill its last block are not zero`,
    )
  })

  test.each(['1', '2', '3', '4', '5', '6', 'x', 'g', 'L', 'K', 'S'])(
    'an entry of type %s in the place of a file',
    async (type) => {
      const { name } = members[1]!
      expect((await refusal(changed(1, () => ({ header: rawHeader({ name, type }) })))).details).toEqual({
        entry: name,
      })
    },
  )

  test.each([
    ['x', '20 path=manifest.json\n'],
    ['L', 'manifest.json\0'],
    ['g', '18 size=9999999999\n'],
  ])('an extension (%s) in front of the manifest', async (type, text) => {
    const body = Buffer.from(text)
    const header = rawHeader({
      name: manifestName,
      type,
      size: `${body.byteLength.toString(8).padStart(11, '0')}\0`,
    })
    expect((await refusal(rawTar([{ header, body }, ...members]))).message).toContain(
      `entry ${manifestName}: it is a`,
    )
  })

  test.each(['../../etc/passwd', '/etc/passwd', 'segments\\x', 'a//b', './manifest.json'])(
    'the name %s',
    async (name) => {
      expect((await refusal(rawTar([...members, rawFile(name, Buffer.from('x'))]))).message).toContain(
        'its name cannot be accepted',
      )
    },
  )
})

describe('streams', () => {
  test('an error of the source passes through', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunked(whole.subarray(0, 700), 100)
      throw new Error('connection reset')
    }
    await expect(checkArchive({ source: failing() })).rejects.toThrow('connection reset')
  })

  test('after a refusal nothing more is read, and the source is let go', async () => {
    let reads = 0
    let isClosed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await Promise.resolve()
          reads += 1
          yield Buffer.alloc(512, 'x')
        }
      } finally {
        isClosed = true
      }
    }
    await expect(checkArchive({ source: endless() })).rejects.toMatchObject({ code: 'archive-invalid' })
    expect(reads).toBe(1)
    expect(isClosed).toBe(true)
  })

  test('cancelling ends it, even while the source is silent', async () => {
    const controller = new AbortController()
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield whole.subarray(0, 100)
      queueMicrotask(() => controller.abort())
      await new Promise(() => undefined)
    }
    const result = checkArchive({ source: silent(), signal: controller.signal })
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    await expect(inspect(whole, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('no more is asked of the source than the handler has taken', async () => {
    let given = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunked(whole, 64)) {
        given += chunk.byteLength
        yield chunk
      }
    }
    const leads: number[] = []
    let taken = 0
    await readArchive(counted(), {
      manifest: () => sample.manifest.files,
      async file(_file, body) {
        taken = given
        for await (const chunk of body) {
          taken += chunk.byteLength
          leads.push(given - taken)
        }
      },
    })
    expect(leads.length).toBeGreaterThan(10)
    expect(Math.max(...leads)).toBeLessThanOrEqual(64)
  })

  test('a handler that wraps what its body throws does not hide the damage', async () => {
    const index = members.findIndex(({ body }, at) => at > 0 && body!.byteLength > 1)
    const evil = Buffer.from(members[index]!.body!)
    evil[0]! ^= 1
    const source = chunked(
      changed(index, ({ header }) => ({ header, body: evil })),
      512,
    )
    const result = readArchive(source, {
      manifest: () => sample.manifest.files,
      async file(_file, body) {
        try {
          for await (const _chunk of body);
        } catch (error) {
          throw new DatabaseError('write-failed', 'wrapped', {}, error)
        }
      },
    })
    await expect(result).rejects.toMatchObject({ code: 'archive-invalid' })
  })
})
