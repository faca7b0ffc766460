import { isDatabaseError, type DatabaseError, type ErrorCode } from '../../src/index.ts'
import type { LifeFaults } from './faults.ts'
import { Finding, textOf } from './finding.ts'

const refusals: readonly ErrorCode[] = [
  'collection-not-found',
  'snapshot-not-found',
  'collection-exists',
  'alias-exists',
  'snapshot-incompatible',
  'snapshot-held',
  'hold-not-found',
  'moment-not-kept',
]
const ofTheDisk: readonly ErrorCode[] = ['write-failed', 'read-failed', 'archive-folder-failed']
const ofDamage: readonly ErrorCode[] = [
  'log-corrupt',
  'segment-corrupt',
  'manifest-corrupt',
  'version-unsupported',
]
const ofDamagedArchives: readonly ErrorCode[] = ['archive-invalid', 'checksum-mismatch']

/**
 * What an error says of its operation: it was refused for a reason that the model knows too; it failed, and nothing
 * has changed; it failed, and it may have happened or not. @throws Finding if the engine had no right to it
 */
export function judgeError(error: unknown, what: string, faults: LifeFaults, isClosing: boolean) {
  const wrong = (why: string): Finding => new Finding(`${what}: ${why}: ${textOf(error)}`)
  if (error instanceof Finding) throw error
  if (!isDatabaseError(error) && (error as Error | undefined)?.name !== 'DatabaseError')
    throw wrong('this is no DatabaseError')
  const { code } = error as DatabaseError
  if (refusals.includes(code)) return { refused: code }
  if (code === 'database-closed' && isClosing) return 'unknown'
  if (ofTheDisk.includes(code)) {
    if (faults.failed === 0) throw wrong('nothing was wrong with the disk')
    return code === 'write-failed' ? 'unknown' : 'unchanged'
  }
  if (ofDamagedArchives.includes(code)) {
    if (faults.flipped.size === 0) throw wrong('nothing was damaged')
    return 'unchanged'
  }
  if (ofDamage.includes(code)) {
    if (faults.flipped.size === 0) throw wrong('nothing was damaged')
    if (!namesOne((error as DatabaseError).message, faults.flipped))
      throw wrong(`it does not name what was damaged: ${[...faults.flipped].join(', ')}`)
    return 'unchanged'
  }
  throw wrong('it has no business here')
}

/** True if the message names one of the files, by path or by key. */
function namesOne(message: string, paths: ReadonlySet<string>): boolean {
  return [...paths].some((path) => message.includes(path) || message.includes(keyOf(path)))
}

function keyOf(path: string): string {
  return path.replace(/^.*\/(segments|collections|catalog|snapshots|history)\//, '$1/')
}
