import { join } from 'node:path'
import type { Disk } from '../../src/storage/disk.ts'
import { intercepted, skipDirectorySync, skipFileSync, swappedRename } from '../support/disk-faults.ts'
import type { Patch } from '../support/patched-engine.ts'
import { repositoryRoot } from '../support/source-files.ts'
import type { FaultKind } from './faults.ts'

// Mistakes that the simulation must find: between the engine and its disk, and in a patched copy of the sources.

export interface PlantedBug {
  readonly name: string
  /** What brings it to light soonest. */
  readonly faults: readonly FaultKind[]
  /** Where to begin to look: it comes to light rarely. */
  readonly from?: number
  readonly plant?: (disk: Disk) => Disk
  readonly patches?: readonly Patch[]
}

const isLog = (path: string): boolean => path.includes('/log/')

export const plantedBugs: readonly PlantedBug[] = [
  { name: 'files are not synced', faults: ['power'], plant: (disk) => skipFileSync(disk) },
  { name: 'the log is not synced', faults: ['power'], plant: (disk) => skipFileSync(disk, isLog) },
  { name: 'directories are not synced', faults: ['power'], plant: (disk) => skipDirectorySync(disk) },
  {
    name: 'a file is renamed before it is synced',
    faults: ['power'],
    from: 13,
    plant: (disk) => swappedRename(disk),
  },
  { name: 'a write that fails passes for done', faults: ['full', 'io'], plant: forgetful },
  {
    name: 'the checksum of the catalog is not compared',
    faults: ['flip'],
    from: 44,
    patches: [
      {
        file: 'manifest/reader.ts',
        from: 'if (sha256(Buffer.from(content)) !== header[2])',
        to: 'if (header[2] === content)',
      },
    ],
  },
  {
    name: 'checksums of segments are not compared',
    faults: ['flip'],
    from: 27,
    patches: [
      {
        file: 'segment/load/checked-blocks.ts',
        from: 'const isRight = digest.equals(',
        to: 'const isRight = digest.length > 0 || digest.equals(',
      },
      {
        file: 'segment/file-reader.ts',
        from: 'if (sha256 === file.sha256) return',
        to: 'if (sha256 !== file.sha256 + file.sha256) return',
      },
    ],
  },
  {
    name: 'checksums of log records are not compared',
    faults: ['power', 'flip'],
    from: 11,
    patches: [
      {
        file: 'log/format.ts',
        from: 'recordChecksum(bytes.subarray(at + checksummedFrom, at + length), mark) !==\n    bytes.readUInt32LE(at + checksumAt)',
        to: 'recordChecksum(bytes.subarray(at + checksummedFrom, at + length), mark) < 0',
      },
    ],
  },
  {
    name: 'garbage is collected by roots that are out of date',
    faults: [],
    patches: [
      {
        file: 'database/engine.ts',
        from: 'await this.#checkpoint()\n      return this.#collectGarbage(() => this.#readRoots())',
        to: 'const stale = await this.#readRoots()\n      await this.#checkpoint()\n      return this.#collectGarbage(async () => stale)',
      },
    ],
  },
  {
    name: 'the log is cut before the catalog is published',
    faults: ['crash', 'power'],
    patches: [
      {
        file: 'database/engine.ts',
        from: 'await checkpointer.run(capture)',
        to: 'await log.truncateBefore((seq + 1) as SequenceNumber)\n    await checkpointer.run(capture)',
      },
    ],
  },
  {
    name: 'an import is not pinned',
    from: 8,
    faults: [],
    patches: [
      {
        file: 'database/staged.ts',
        from: 'this.#unpins.push(engine.parts.pins.pin(this.#segments))',
        to: 'void engine.parts.pins',
      },
    ],
  },
  {
    name: 'errors of the disk reach users as they are',
    faults: ['io', 'full'],
    patches: [
      {
        file: 'storage/local-object-store.ts',
        from: 'if (error instanceof DatabaseError) throw error\n    const { code: system, message }',
        to: 'if (error instanceof Error) throw error\n    const { code: system, message }',
      },
    ],
  },
  {
    name: 'a snapshot is cut one record too late',
    faults: [],
    patches: [
      {
        file: 'collection/view.ts',
        from: 'rowsUpTo: entry.foreign ? entry.rowsUpTo : this.seq,',
        to: 'rowsUpTo: entry.foreign ? entry.rowsUpTo : ((this.seq + 1) as typeof this.seq),',
      },
    ],
  },
]

/** Mistake: nobody looks at what became of a write, or of a sync. */
function forgetful(disk: Disk): Disk {
  return intercepted(disk, async (operation, _path, proceed) => {
    if (operation !== 'write' && operation !== 'sync') return proceed()
    return proceed().catch(() => undefined)
  })
}

export const plantedFolder = join(repositoryRoot, '.planted-simulation')
