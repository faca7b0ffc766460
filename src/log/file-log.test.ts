import { describe, expect, test } from 'vitest'
import { failing, intercepted, type DiskOperation } from '../../test/support/disk-faults.ts'
import { appendText, recordsOf } from '../../test/support/log-records.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { seqOf } from '../ids/brands.ts'
import { seededRandom } from '../runtime/random.ts'
import type { Disk } from '../storage/disk.ts'
import { openLog, type FileLog, type LogOptions } from './file-log.ts'

const directory = '/data/log'

function openOn(disk: Disk, options: Partial<LogOptions> = {}): Promise<FileLog> {
  return openLog({ disk, directory, random: seededRandom(1), ...options })
}

function logFiles(disk: SimulatedDisk): string[] {
  return disk.paths().map((path) => path.slice(directory.length + 1))
}

describe('append', () => {
  test('numbers records from 1 and gives them back after a new start', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    expect(log.lastSeq).toBe(0)
    expect(await appendText(log, 'one', 5)).toBe(1)
    expect(await log.append(6, [Buffer.from('t'), Buffer.from(''), Buffer.from('wo')])).toBe(2)
    expect(await log.append(7, [])).toBe(3)
    await log.close()
    const again = await openOn(disk)
    expect(again.lastSeq).toBe(3)
    expect(again.torn).toBeUndefined()
    expect(await recordsOf(again)).toEqual(['1 5 one', '2 6 two', '3 7 '])
    expect(await recordsOf(again, 3)).toEqual(['3 7 '])
    expect(await recordsOf(again, 4)).toEqual([])
    expect(await appendText(again, 'four')).toBe(4)
  })

  test('records that wait together share one write and one sync', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    const before = disk.journal.length
    await Promise.all(['a', 'b', 'c'].map((text) => appendText(log, text)))
    expect(disk.journal.slice(before).map((mutation) => mutation.kind)).toEqual(['write', 'sync-file'])
    expect(log.statistics).toMatchObject({ records: 3, groups: 1, bytes: 99 })
    expect(log.bytes).toBe(64 + 99)
  })

  test('calls back in order, before the promise, when the next group is already being written', async () => {
    const events: string[] = []
    const disk = new SimulatedDisk({
      onMutation: (_index, description) => events.push(description.split(' ')[0]!),
    })
    const log = await openOn(disk)
    events.length = 0
    const append = async (name: string): Promise<void> => {
      await log.append(1, [Buffer.from(name)], (seq) => void events.push(`durable ${name} ${seq}`))
      events.push(`resolved ${name}`)
    }
    const first = [append('a'), append('b')]
    await Promise.resolve()
    await Promise.all([...first, append('c')])
    expect(events.filter((event) => !event.startsWith('resolved'))).toEqual([
      'write',
      'sync-file',
      'write',
      'durable a 1',
      'durable b 2',
      'sync-file',
      'durable c 3',
    ])
    expect(events.filter((event) => event.startsWith('resolved'))).toEqual([
      'resolved a',
      'resolved b',
      'resolved c',
    ])
    expect(events.indexOf('resolved a')).toBeGreaterThan(events.indexOf('durable b 2'))
    expect(events.at(-1)).toBe('resolved c')
  })

  test('a callback may append', async () => {
    const log = await openOn(new SimulatedDisk())
    let inner: Promise<number> | undefined
    await log.append(1, [], () => {
      inner = appendText(log, 'inner')
      return undefined
    })
    expect(await inner).toBe(2)
  })

  test('refuses a record that is too large, and goes on', async () => {
    const log = await openOn(new SimulatedDisk())
    const huge = { length: 2 ** 30 + 1 } as Uint8Array
    await expect(log.append(1, [huge])).rejects.toMatchObject({ code: 'request-invalid' })
    expect(await appendText(log, 'small')).toBe(1)
  })

  test('is refused after close; close may be called twice', async () => {
    const log = await openOn(new SimulatedDisk())
    const pending = appendText(log, 'one')
    await Promise.all([log.close(), log.close()])
    expect(await pending).toBe(1)
    await expect(appendText(log, 'two')).rejects.toMatchObject({ code: 'database-closed' })
    await expect(log.rotate()).rejects.toMatchObject({ code: 'database-closed' })
  })
})

describe('files', () => {
  test('a full file is followed by another, and replay goes through all', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk, { rotateBytes: 300 })
    for (let n = 1; n <= 10; n++) await appendText(log, 'x'.repeat(100))
    expect(logFiles(disk)).toEqual([1, 3, 5, 7, 9].map((n) => `${String(n).padStart(20, '0')}.log`))
    const bytes = log.bytes
    await log.close()
    const again = await openOn(disk)
    expect(again.bytes).toBe(bytes + 32)
    expect((await recordsOf(again, 4)).map((record) => Number(record.split(' ')[0]))).toEqual([
      4, 5, 6, 7, 8, 9, 10,
    ])
  })

  test('a large group is split, so that no file grows far beyond its size', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk, { rotateBytes: 1000 })
    await Promise.all(Array.from({ length: 50 }, () => appendText(log, 'x'.repeat(100))))
    for (const path of disk.paths()) expect((await disk.stat(path))!.bytes).toBeLessThan(2100)
    await log.close()
    expect(await recordsOf(await openOn(disk))).toHaveLength(50)
  })

  test('rotate puts what follows into a new file, and what came before into the old one', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    await log.rotate()
    expect(logFiles(disk)).toHaveLength(1)
    await Promise.all([appendText(log, 'a'), log.rotate(), appendText(log, 'b'), log.rotate(), log.rotate()])
    expect(logFiles(disk).map((name) => Number(name.slice(0, 20)))).toEqual([1, 2, 3])
    await log.close()
    expect(await recordsOf(await openOn(disk))).toEqual(['1 1 a', '2 1 b'])
  })

  test('truncateBefore deletes whole files below the number, never the current one', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    for (let n = 1; n <= 4; n++) {
      await appendText(log, 'x')
      await log.rotate()
    }
    await log.truncateBefore(seqOf(2))
    expect(logFiles(disk).map((name) => Number(name.slice(0, 20)))).toEqual([2, 3, 4, 5])
    await Promise.all([log.truncateBefore(seqOf(4)), log.truncateBefore(seqOf(3))])
    expect(logFiles(disk).map((name) => Number(name.slice(0, 20)))).toEqual([4, 5])
    await log.truncateBefore(seqOf(1000))
    expect(logFiles(disk).map((name) => Number(name.slice(0, 20)))).toEqual([5])
    await log.close()
    const again = await openOn(disk, { minimumSeq: seqOf(4) })
    expect(again.lastSeq).toBe(4)
    expect(await recordsOf(again, 5)).toEqual([])
    expect(await appendText(again, 'five')).toBe(5)
  })

  test('leftovers of an interrupted rotation are removed, other files left alone', async () => {
    const disk = new SimulatedDisk()
    await (await openOn(disk)).close()
    await disk.create(`${directory}/00000000000000000005.log.new`)
    await disk.create(`${directory}/notes.txt`)
    await (await openOn(disk)).close()
    expect(logFiles(disk)).toEqual(['00000000000000000001.log', 'notes.txt'])
  })
})

describe('when the disk fails', () => {
  const operations: readonly DiskOperation[] = ['write', 'sync']
  test.each(operations)(
    'a failed %s refuses every pending and later append, and is not tried again',
    async (operation) => {
      const disk = new SimulatedDisk()
      let failures = 0
      let isFailing = false
      const faulty = failing(disk, (actual) => isFailing && actual === operation && failures++ === 0)
      const log = await openOn(faulty)
      await appendText(log, 'kept')
      isFailing = true
      const applied: number[] = []
      const lost = [1, 2, 3].map((n) =>
        log.append(1, [Buffer.from(`lost ${n}`)], (seq) => void applied.push(seq)),
      )
      await Promise.resolve()
      const later = log.append(1, [Buffer.from('later')], (seq) => void applied.push(seq))
      const rotation = log.rotate()
      for (const result of [...lost, later, rotation, appendText(log, 'after')]) {
        await expect(result).rejects.toMatchObject({ code: 'write-failed', details: { system: 'EIO' } })
      }
      expect(applied).toEqual([])
      expect(log.hasFailed).toBe(true)
      expect(failures).toBe(1)
      await log.close()
      const again = await openOn(disk)
      expect(await recordsOf(again)).toEqual(['1 1 kept'])
      expect(await appendText(again, 'two')).toBe(2)
    },
  )

  test('a rotation that fails refuses what waits for it', async () => {
    for (const operation of ['create', 'rename', 'syncDirectory'] as const) {
      const disk = new SimulatedDisk()
      let isFailing = false
      const log = await openOn(failing(disk, (actual) => isFailing && actual === operation))
      await appendText(log, 'kept')
      isFailing = true
      const results = await Promise.allSettled([log.rotate(), appendText(log, 'lost')])
      for (const result of results)
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'write-failed' } })
      await log.close()
      expect(await recordsOf(await openOn(disk))).toEqual(['1 1 kept'])
    }
  })

  test('a callback that throws stops the log: the state no longer follows it', async () => {
    const disk = new SimulatedDisk()
    const log = await openOn(disk)
    const mistake = new Error('a mistake of ours')
    const results = await Promise.allSettled([
      appendText(log, 'one'),
      log.append(1, [], () => {
        throw mistake
      }),
      appendText(log, 'three'),
    ])
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: mistake },
      { status: 'rejected', reason: { code: 'write-failed', cause: mistake } },
    ])
    await expect(appendText(log, 'four')).rejects.toMatchObject({ code: 'write-failed' })
    await log.close()
    expect(await recordsOf(await openOn(disk))).toHaveLength(3)
  })

  test('opening says what could not be read or written', async () => {
    const disk = new SimulatedDisk()
    await (await openOn(disk)).close()
    for (const [operation, code] of [
      ['readRange', 'read-failed'],
      ['append', 'write-failed'],
      ['sync', 'write-failed'],
      ['syncDirectory', 'write-failed'],
    ] as const) {
      await expect(openOn(failing(disk, (actual) => actual === operation))).rejects.toMatchObject({ code })
    }
  })

  test('a truncation that fails is told to its caller only', async () => {
    let isFailing = false
    const log = await openOn(failing(new SimulatedDisk(), (operation) => isFailing && operation === 'remove'))
    await appendText(log, 'one')
    await log.rotate()
    isFailing = true
    await expect(log.truncateBefore(seqOf(2))).rejects.toMatchObject({ code: 'write-failed' })
    isFailing = false
    await log.truncateBefore(seqOf(2))
    expect(await appendText(log, 'two')).toBe(2)
  })
})

test('one write or sync is under way at a time', async () => {
  let underWay = 0
  let most = 0
  const disk = intercepted(new SimulatedDisk(), async (operation, _path, proceed) => {
    if (operation !== 'write' && operation !== 'sync') return proceed()
    most = Math.max(most, ++underWay)
    await new Promise((resolve) => setImmediate(resolve))
    await proceed()
    return void underWay--
  })
  const log = await openOn(disk, { rotateBytes: 500 })
  const writer = async (name: string): Promise<void> => {
    for (let n = 0; n < 30; n++) await appendText(log, `${name} ${n}`)
  }
  await Promise.all(['a', 'b', 'c', 'd'].map(writer))
  expect(most).toBe(1)
  expect(log.lastSeq).toBe(120)
  expect(log.statistics.groups).toBeLessThan(120)
})
