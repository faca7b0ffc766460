import { describe, expect, test } from 'vitest'
import { appendText, recordsOf } from '../../test/support/log-records.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { isDatabaseError } from '../errors/database-error.ts'
import { seqOf } from '../ids/brands.ts'
import { seededRandom } from '../runtime/random.ts'
import { openLog, type FileLog } from './file-log.ts'
import { encodeFileHeader, fileHeaderBytes, markOf, recordChecksum, recordHeaderBytes } from './format.ts'
import { GroupEncoder } from './group-encoder.ts'

const directory = '/log'
const firstFile = `${directory}/00000000000000000001.log`

function openOn(disk: SimulatedDisk, minimumSeq = 0): Promise<FileLog> {
  return openLog({ disk, directory, random: seededRandom(1), minimumSeq: seqOf(minimumSeq) })
}

/** A log of groups of records; each inner list is written and synced together. */
async function logOf(
  groups: readonly (readonly string[])[],
  end: 'killed' | 'closed' = 'killed',
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const log = await openOn(disk)
  for (const group of groups) await Promise.all(group.map((text) => appendText(log, text)))
  if (end === 'closed') await log.close()
  return disk.stateAt(disk.journal.length, 'all')
}

async function damaged(
  disk: SimulatedDisk,
  path: string,
  damage: (bytes: Buffer) => Buffer,
): Promise<SimulatedDisk> {
  const copy = disk.stateAt(disk.journal.length, 'all')
  const bytes = damage(Buffer.from(await copy.readFile(path)))
  await copy.remove(path)
  await (await copy.create(path)).write(bytes)
  return copy
}

const flip =
  (bit: number) =>
  (bytes: Buffer): Buffer => {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    return bytes
  }

/** The records after a start, or the code, file and offset of the refusal. */
async function outcome(disk: SimulatedDisk, from = 1): Promise<unknown> {
  try {
    return await recordsOf(await openOn(disk), from)
  } catch (error) {
    if (!isDatabaseError(error)) throw error
    return { code: error.code, file: error.details['file'], offset: error.details['offset'] }
  }
}

const lengthOf = (...texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + recordHeaderBytes + Buffer.byteLength(text), 0)

describe('damage in the middle', () => {
  test('a flipped bit anywhere in a record that others follow is refused with file and offset', async () => {
    const disk = await logOf([['one'], ['two'], ['three']])
    const offset = fileHeaderBytes + lengthOf('one')
    for (let bit = offset * 8; bit < (offset + lengthOf('two')) * 8; bit++) {
      const found = await outcome(await damaged(disk, firstFile, flip(bit)))
      expect(found).toEqual({ code: 'log-corrupt', file: firstFile, offset })
    }
  })

  test('a refusal changes nothing', async () => {
    const disk = await damaged(
      await logOf([['one'], ['two'], ['three']]),
      firstFile,
      flip((fileHeaderBytes + 40) * 8),
    )
    const before = Buffer.from(await disk.readFile(firstFile))
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'log-corrupt' })
    expect(before.equals(await disk.readFile(firstFile))).toBe(true)
    expect(disk.paths()).toEqual([firstFile])
  })

  test('records that vanished from the middle, or came twice, are refused', async () => {
    const disk = await logOf([['one'], ['two'], ['xxx'], ['four']])
    const [start, length] = [fileHeaderBytes + lengthOf('one'), lengthOf('two')]
    const without = await damaged(disk, firstFile, (bytes) =>
      Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]),
    )
    expect(await outcome(without)).toEqual({ code: 'log-corrupt', file: firstFile, offset: start })
    const twice = await damaged(disk, firstFile, (bytes) =>
      Buffer.concat([bytes.subarray(0, start + length), bytes.subarray(start)]),
    )
    expect(await outcome(twice)).toEqual({ code: 'log-corrupt', file: firstFile, offset: start + length })
  })

  test('a whole record that makes no sense where it stands is refused, at the end too', async () => {
    const disk = await logOf([['one']])
    const mark = markOf(Buffer.from(await disk.readFile(firstFile)))
    const encoder = new GroupEncoder()
    const record = { type: 1, body: [], bodyBytes: 0 }
    const senseless = [
      () => encoder.encode([{ ...record, seq: 2 }], mark, 2),
      () => encoder.encode([{ ...record, seq: 3 }], mark, 1),
      () => encoder.encode([{ ...record, seq: 1 }], mark, 0),
      () => [encoder.encodeSeal(2, mark)],
      () => {
        const later = Buffer.from(encoder.encode([{ ...record, seq: 2 }], mark, 1)[0]!)
        later.writeUInt16LE(2, 14)
        later.writeUInt32LE(recordChecksum(later.subarray(8), mark), 4)
        return [later]
      },
    ]
    for (const encode of senseless) {
      const odd = await damaged(disk, firstFile, (bytes) => Buffer.concat([bytes, ...encode()]))
      const offset = fileHeaderBytes + lengthOf('one')
      expect(await outcome(odd)).toEqual({ code: 'log-corrupt', file: firstFile, offset })
    }
  })

  test('zeros over a record that others follow are refused', async () => {
    const disk = await logOf([['one'], ['two'], ['three']])
    const offset = fileHeaderBytes + lengthOf('one')
    const zeroed = await damaged(disk, firstFile, (bytes) => bytes.fill(0, offset, offset + lengthOf('two')))
    expect(await outcome(zeroed)).toEqual({ code: 'log-corrupt', file: firstFile, offset })
  })
})

describe('damage at the end', () => {
  test('a flipped bit in the last group of a killed process cannot be told from a torn write, and cuts that group only', async () => {
    const disk = await logOf([
      ['one', 'two'],
      ['three', 'four', 'five'],
    ])
    const from = fileHeaderBytes + lengthOf('one', 'two')
    const kept = ['1 1 one', '2 1 two', '3 1 three', '4 1 four']
    const ends = ['three', 'four', 'five'].map((_, n, all) => from + lengthOf(...all.slice(0, n + 1)))
    for (let bit = from * 8; bit < ends.at(-1)! * 8; bit++) {
      const intact = ends.filter((end) => end <= bit >> 3).length
      expect(await outcome(await damaged(disk, firstFile, flip(bit)))).toEqual(kept.slice(0, 2 + intact))
    }
  })

  test('after a clean end it is refused: the seal proves what was durable', async () => {
    const disk = await logOf([['one', 'two'], ['three']], 'closed')
    const from = fileHeaderBytes + lengthOf('one')
    for (let bit = from * 8; bit < (from + lengthOf('two', 'three')) * 8; bit++) {
      expect(await outcome(await damaged(disk, firstFile, flip(bit)))).toMatchObject({
        code: 'log-corrupt',
        file: firstFile,
      })
    }
  })

  test('opening and closing without an append adds nothing', async () => {
    const disk = await logOf([['one']], 'closed')
    const before = (await disk.stat(firstFile))!.bytes
    for (let n = 0; n < 3; n++) await (await openOn(disk)).close()
    expect((await disk.stat(firstFile))!.bytes).toBe(before)
    const log = await openOn(disk)
    await appendText(log, 'two')
    await log.close()
    expect((await disk.stat(firstFile))!.bytes).toBe(before + lengthOf('two') + recordHeaderBytes)
    expect(await outcome(disk)).toEqual(['1 1 one', '2 1 two'])
  })

  test('a damaged seal loses nothing', async () => {
    const disk = await logOf([['one']], 'closed')
    const from = fileHeaderBytes + lengthOf('one')
    for (let bit = from * 8; bit < (from + recordHeaderBytes) * 8; bit++) {
      expect(await outcome(await damaged(disk, firstFile, flip(bit)))).toEqual(['1 1 one'])
    }
  })

  test('a file cut at any length keeps the whole records before the cut', async () => {
    const disk = await logOf([['one', 'two', 'three']])
    const all = ['1 1 one', '2 1 two', '3 1 three']
    const total = fileHeaderBytes + lengthOf('one', 'two', 'three')
    for (let length = fileHeaderBytes; length < total; length++) {
      const whole = all.filter(
        (_, n) => fileHeaderBytes + lengthOf(...['one', 'two', 'three'].slice(0, n + 1)) <= length,
      )
      const log = await openOn(await damaged(disk, firstFile, (bytes) => bytes.subarray(0, length)))
      expect(await recordsOf(log)).toEqual(whole)
      expect(await appendText(log, 'next')).toBe(whole.length + 1)
    }
  })

  test('a tail of zeros or of bytes of another file is cut before the first append, and not sooner', async () => {
    const disk = await logOf([['one']])
    const other = Buffer.from(await (await logOf([['foreign'], ['bytes']])).readFile(firstFile))
    other[40]! ^= 1
    const strange = Buffer.from(
      encodeFileHeader({ firstSeq: 2, logId: '00112233-4455-4677-8899-aabbccddeeff' }),
    )
    for (const tail of [Buffer.alloc(10), Buffer.alloc(5000), strange, Buffer.from('rubbish'.repeat(1000))]) {
      const torn = await damaged(disk, firstFile, (bytes) => Buffer.concat([bytes, tail]))
      const log = await openOn(torn)
      const offset = fileHeaderBytes + lengthOf('one')
      expect(log.torn).toEqual({ file: firstFile, offset, bytes: tail.length })
      expect(await recordsOf(log)).toEqual(['1 1 one'])
      expect((await torn.stat(firstFile))!.bytes).toBe(offset + tail.length)
      await appendText(log, 'two')
      expect((await torn.stat(firstFile))!.bytes).toBe(offset + lengthOf('two'))
      expect(await outcome(torn)).toEqual(['1 1 one', '2 1 two'])
    }
  })

  test('a torn tail is cut before a rotation too', async () => {
    const disk = await damaged(await logOf([['one']]), firstFile, (bytes) =>
      Buffer.concat([bytes, Buffer.alloc(100)]),
    )
    const log = await openOn(disk)
    await log.rotate()
    await appendText(log, 'two')
    expect(await outcome(disk)).toEqual(['1 1 one', '2 1 two'])
  })

  // Story: a torn group leaves its second record. The first is written again with the same length; were the cut not
  // durable before that, a second crash could bring the old second record back behind the new first one.
  test('records behind a cut never come back', async () => {
    const disk = await damaged(await logOf([['old 1', 'old 2']]), firstFile, flip((fileHeaderBytes + 34) * 8))
    await (await disk.append(firstFile)).sync()
    await disk.syncDirectory(directory)
    const crashed = disk.stateAt(disk.journal.length, 'synced')
    const log = await openOn(crashed)
    expect(log.lastSeq).toBe(0)
    await appendText(log, 'new 1')
    for (let index = 0; index <= crashed.journal.length; index++) {
      for (let torn = 0; torn < 50; torn++) {
        const found = await outcome(crashed.stateAt(index, { torn }))
        expect(['[]', '["1 1 new 1"]']).toContain(JSON.stringify(found))
      }
    }
  })

  // A client's bytes may look like a record. They do not have the file's mark, which is random.
  test('a body that holds a forged record does not turn a torn tail into corruption', async () => {
    const forged = Buffer.from(
      await (await logOf([['one'], ['two'], ['three']])).readFile(firstFile),
    ).toString('latin1')
    const disk = new SimulatedDisk()
    const log = await openLog({ disk, directory, random: seededRandom(2) })
    await log.append(1, [Buffer.from('one')])
    await log.append(1, [Buffer.from(forged, 'latin1')])
    const torn = await damaged(disk, firstFile, (bytes) => bytes.subarray(0, bytes.length - 1))
    expect(await outcome(torn)).toEqual(['1 1 one'])
  })
})

describe('files', () => {
  /** Three files of two records each; the last one killed. */
  async function threeFiles(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    for (const n of [1, 2, 3]) {
      await appendText(log, `a${n}`)
      await appendText(log, `b${n}`)
      if (n < 3) await log.rotate()
    }
    return disk.stateAt(disk.journal.length, 'all')
  }
  const secondFile = `${directory}/00000000000000000003.log`
  const thirdFile = `${directory}/00000000000000000005.log`

  test('any flipped bit in a file that another follows is refused when it is replayed', async () => {
    const disk = await threeFiles()
    for (let bit = 0; bit < (fileHeaderBytes + lengthOf('a1', 'b1')) * 8; bit += 3) {
      expect(await outcome(await damaged(disk, firstFile, flip(bit)))).toMatchObject({
        code: 'log-corrupt',
        file: firstFile,
      })
    }
  })

  test('a file that another follows, cut at any length, is refused', async () => {
    const disk = await threeFiles()
    for (let length = 0; length < fileHeaderBytes + lengthOf('a2', 'b2'); length++) {
      const cut = await damaged(disk, secondFile, (bytes) => bytes.subarray(0, length))
      expect(await outcome(cut)).toMatchObject({ code: 'log-corrupt', file: secondFile })
    }
  })

  test('a missing file is refused, in the middle, at the beginning and at the end', async () => {
    const middle = await threeFiles()
    await middle.remove(secondFile)
    expect(await outcome(middle)).toMatchObject({ code: 'log-corrupt', file: firstFile })
    const beginning = await threeFiles()
    await beginning.remove(firstFile)
    expect(await outcome(beginning)).toMatchObject({ code: 'log-corrupt', file: secondFile })
    expect(await outcome(beginning, 3)).toHaveLength(4)
    const end = await threeFiles()
    await end.remove(thirdFile)
    await expect(openOn(end, 6)).rejects.toMatchObject({ code: 'log-corrupt' })
    const none = new SimulatedDisk()
    await expect(openOn(none, 1)).rejects.toMatchObject({ code: 'log-corrupt' })
  })

  test('a damaged file header is refused, in the last file too', async () => {
    const disk = await threeFiles()
    for (const path of [secondFile, thirdFile]) {
      const bad = await damaged(disk, path, (bytes) => bytes.fill(0, 0, fileHeaderBytes))
      expect(await outcome(bad)).toEqual({ code: 'log-corrupt', file: path, offset: 0 })
    }
  })

  test('a file under another name, or of another log, is refused', async () => {
    const renamed = await threeFiles()
    await renamed.rename(thirdFile, `${directory}/00000000000000000006.log`)
    expect(await outcome(renamed)).toMatchObject({ code: 'log-corrupt' })
    const mixed = await threeFiles()
    const header = encodeFileHeader({ firstSeq: 5, logId: '00112233-4455-4677-8899-aabbccddeeff' })
    const foreign = await damaged(mixed, thirdFile, () => header)
    expect(await outcome(foreign)).toMatchObject({ code: 'log-corrupt', file: thirdFile })
  })

  test('a file of a later format version is named as such', async () => {
    const { crc32c } = await import('../encoding/crc32c.ts')
    const later = await damaged(await threeFiles(), thirdFile, (bytes) => {
      bytes.writeUInt32LE(2, 8)
      bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60)
      return bytes
    })
    expect(await outcome(later)).toMatchObject({ code: 'version-unsupported' })
  })
})

test('records larger than the reading chunk come back whole', async () => {
  const disk = new SimulatedDisk()
  const log = await openOn(disk)
  const sizes = [10, 5 * 2 ** 20, 100, 9 * 2 ** 20, 4 * 2 ** 20 - 50, 20]
  for (const size of sizes) await log.append(1, [Buffer.alloc(size, size % 251)])
  const found: number[] = []
  for await (const { body } of (await openOn(disk.stateAt(disk.journal.length, 'all'))).replay(seqOf(1))) {
    expect(Buffer.from(body).equals(Buffer.alloc(body.length, body.length % 251))).toBe(true)
    found.push(body.length)
  }
  expect(found).toEqual(sizes)
})
