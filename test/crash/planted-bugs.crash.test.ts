import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { runCrashSuite, type Open } from '../support/crash-suite.ts'
import { skipDirectorySync, skipFileSync, swappedRename } from '../support/disk-faults.ts'
import { patchedEngine } from '../support/patched-engine.ts'
import { repositoryRoot } from '../support/source-files.ts'

// Goal: the crash suite would notice. Method: it runs against five bugs that are planted on purpose, three between the
// database and the disk, two in a patched copy of the sources, and must find something each time; and nothing without.

const folder = join(repositoryRoot, '.planted')
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
const points = 250

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the suite says, over all seeds, until it says something. */
async function findBug(openDatabase: Open, plant?: (disk: Disk) => Disk): Promise<string | undefined> {
  for (const seed of seeds) {
    try {
      const { findings } = await runCrashSuite(openDatabase, {
        seed,
        length: 24,
        points,
        ...(plant === undefined ? {} : { plant }),
      })
      if (findings[0] !== undefined) return findings[0].problem
    } catch (error) {
      // The history itself went wrong: that is noticed as well.
      return String(error)
    }
  }
  return undefined
}

test('without a bug nothing is found', { timeout: 600_000 }, async () => {
  expect(await findBug(open)).toBeUndefined()
})

test.each([
  ['files are not synced', skipFileSync],
  ['directories are not synced', skipDirectorySync],
  ['a file is renamed before it is synced', swappedRename],
])('caught: %s', { timeout: 600_000 }, async (_name, plant) => {
  expect(await findBug(open, plant)).toBeDefined()
})

test.each([
  [
    'garbage collection comes before the pin',
    {
      file: 'database/staged.ts',
      from: 'this.#unpins.push(engine.parts.pins.pin(this.#segments))',
      to: 'void engine.parts.pins',
    },
  ],
  [
    'a snapshot is cut one record too late',
    {
      file: 'collection/view.ts',
      from: 'rowsUpTo: entry.foreign ? entry.rowsUpTo : this.seq,',
      to: 'rowsUpTo: entry.foreign ? entry.rowsUpTo : ((this.seq + 1) as typeof this.seq),',
    },
  ],
])('caught: %s', { timeout: 600_000 }, async (name, patch) => {
  expect(await findBug(await patchedEngine(join(folder, name.replaceAll(' ', '-')), [patch]))).toBeDefined()
})
