import { invalidEntry } from '../../../archive/archive-error.ts'
import type { SegmentFiles } from '../segment-files.ts'
import { readDiskTracker } from './disk-tracker.ts'
import { readImmutableTracker } from './immutable-tracker.ts'
import { readMutableTracker } from './mutable-tracker.ts'
import { SlotList } from './slot-list.ts'

export interface TrackerContent {
  /** `none`: a fresh segment, without points. */
  readonly kind: 'mutable' | 'immutable' | 'none'
  readonly list: SlotList
}

/** Which layout it is, the files that are there say. @throws archive-invalid */
export async function readTracker(files: SegmentFiles): Promise<TrackerContent> {
  const mutable = files.find('mutable_id_tracker.mappings')
  const immutable = files.find('id_tracker.mappings')
  const disk = files.find('id_tracker.i2e')
  const present = [mutable, immutable, disk].filter((entry) => entry !== undefined)
  if (present.length > 1)
    throw invalidEntry(present[1]!.name, `there is ${present[0]!.name}, too: only one can list the ids`)
  if (mutable !== undefined) {
    const list = await readMutableTracker(mutable, files.get('mutable_id_tracker.versions'))
    return { kind: 'mutable', list }
  }
  const rest = () => ({
    deleted: files.get('id_tracker.deleted'),
    versions: files.get('id_tracker.versions'),
  })
  if (immutable !== undefined) {
    return { kind: 'immutable', list: await readImmutableTracker({ mappings: immutable, ...rest() }) }
  }
  if (disk !== undefined) {
    const list = await readDiskTracker({ i2e: disk, e2i: files.get('id_tracker.e2i'), ...rest() })
    return { kind: 'immutable', list }
  }
  const left = [...files.paths()].find((path) => /^(?:mutable_)?id_tracker\./.test(path))
  if (left === undefined) return { kind: 'none', list: SlotList.empty }
  throw invalidEntry(files.get(left).name, 'the file of ids that belongs to it is missing')
}
