import { expect, test } from 'vitest'
import { appendText, recordsOf } from '../../test/support/log-records.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { seededRandom } from '../runtime/random.ts'
import type { Disk } from '../storage/disk.ts'
import { openLog } from './file-log.ts'
import { fileHeaderBytes } from './format.ts'

const open = (disk: Disk) => openLog({ disk, directory: '/log', random: seededRandom(1) })

/** A disk whose `nth` read gives one bit wrongly, if it reads that byte of the file. */
function misreading(disk: SimulatedDisk, nth: number, byte: number): Disk {
  let reads = 0
  return new Proxy<Disk>(disk, {
    get: (target, name: keyof Disk) => {
      if (name !== 'readRange') return target[name]?.bind(target)
      return async (path: string, offset: number, length: number) => {
        const bytes = await target.readRange(path, offset, length)
        if (++reads === nth && byte >= offset && byte < offset + bytes.length) bytes[byte - offset]! ^= 4
        return bytes
      }
    },
  })
}

test('a byte that is read wrongly once is no torn tail: no acknowledged record is dropped', async () => {
  const disk = new SimulatedDisk()
  const log = await open(disk)
  for (const text of ['one', 'two', 'three']) await appendText(log, text)
  const killed = disk.stateAt(disk.journal.length, 'all')
  const size = (await killed.stat('/log/00000000000000000001.log'))!.bytes
  for (let byte = fileHeaderBytes; byte < size; byte++) {
    // The first read is of the file's header, the second of its records.
    const again = await open(misreading(killed, 2, byte))
    expect(await recordsOf(again), `byte ${byte}`).toEqual(['1 1 one', '2 1 two', '3 1 three'])
    expect(again.torn).toBeUndefined()
  }
})
