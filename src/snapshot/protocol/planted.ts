import type { ActorName, Preparation } from './actors.ts'

/** Bugs that can be planted in the model, in words. */
export type Bug =
  | 'a record is acknowledged before it is durable'
  | 'a clone does not retain its segments'
  | 'a snapshot does not retain its segments'
  | 'a rollback is applied before the undo snapshot is captured'
  | 'a merge forgets the deletions that came meanwhile'
  | 'a merge deletes the files of its sources'
  | 'views of snapshots are released before the catalog names their files'
  | 'the log is cut before the catalog is published'
  | 'the old catalog is deleted before the new one is durable'
  | 'garbage collection reads the roots before it lists'
  | 'garbage collection forgets what only the newest catalog names'
  | 'garbage collection runs beside a checkpoint'
  | 'an import pins its segments only when it opens them'
  | 'an import lets go of its segments before a checkpoint'
  | 'an archive does not look again after it has pinned'
  | 'a restore does not pin what it opened'
  | 'a restored moment need not be kept any more'
  | 'recovery does not sync the catalog'

export interface Plan {
  readonly bug: Bug
  readonly preparation: Preparation
  /** Those whose interleavings show the bug. */
  readonly actors: readonly ActorName[]
  readonly afterCrash?: readonly ActorName[]
  /** What the invariants say of it. */
  readonly finding: RegExp
}

export const planted: readonly Plan[] = [
  {
    bug: 'a record is acknowledged before it is durable',
    preparation: 'sealed',
    actors: ['writer', 'creator'],
    finding: /^I[24]: /,
  },
  {
    bug: 'a clone does not retain its segments',
    preparation: 'sealed',
    actors: ['cloner', 'deleter', 'dropper'],
    finding: /is retained|is gone/,
  },
  {
    bug: 'a snapshot does not retain its segments',
    preparation: 'unsealed',
    actors: ['creator', 'upkeep', 'dropper'],
    finding: /is retained|is gone/,
  },
  {
    bug: 'a rollback is applied before the undo snapshot is captured',
    preparation: 'sealed',
    actors: ['roller'],
    finding: /^I1: snapshot u holds/,
  },
  {
    bug: 'a merge forgets the deletions that came meanwhile',
    preparation: 'sealed',
    actors: ['writer', 'upkeep'],
    finding: /^I4: collection c holds/,
  },
  {
    bug: 'a merge deletes the files of its sources',
    preparation: 'sealed',
    actors: ['upkeep'],
    finding: /is gone$/,
  },
  {
    bug: 'views of snapshots are released before the catalog names their files',
    preparation: 'unsealed',
    actors: ['upkeep'],
    finding: /^I1: snapshot s1 has neither/,
  },
  {
    bug: 'the log is cut before the catalog is published',
    preparation: 'sealed',
    actors: ['writer', 'collector'],
    finding: /^I[24]: /,
  },
  {
    bug: 'the old catalog is deleted before the new one is durable',
    preparation: 'sealed',
    actors: ['writer', 'collector'],
    finding: /catalog.* gone$/,
  },
  {
    bug: 'garbage collection reads the roots before it lists',
    preparation: 'sealed',
    actors: ['importer', 'collector'],
    finding: /^I3: segments.* gone$/,
  },
  {
    bug: 'garbage collection forgets what only the newest catalog names',
    preparation: 'sealed',
    actors: ['deleter', 'collector'],
    finding: /is gone$/,
  },
  {
    bug: 'garbage collection runs beside a checkpoint',
    preparation: 'sealed',
    actors: ['upkeep', 'collector'],
    finding: /is gone$/,
  },
  {
    bug: 'an import pins its segments only when it opens them',
    preparation: 'sealed',
    actors: ['importer', 'collector'],
    finding: /^I3: segments.* gone$/,
  },
  {
    bug: 'an import lets go of its segments before a checkpoint',
    preparation: 'sealed',
    actors: ['importer in place', 'dropper', 'collector'],
    finding: /is gone$/,
  },
  {
    bug: 'an archive does not look again after it has pinned',
    preparation: 'alone',
    actors: ['archiver', 'deleter', 'collector'],
    finding: /^I3: .* gone$/,
  },
  {
    bug: 'a restore does not pin what it opened',
    preparation: 'sealed',
    actors: ['present cloner', 'upkeep', 'collector'],
    finding: /is gone$/,
  },
  {
    bug: 'a restored moment need not be kept any more',
    preparation: 'sealed',
    actors: ['present cloner', 'writer'],
    finding: /^I4: the record \(clone\)/,
  },
  {
    bug: 'recovery does not sync the catalog',
    preparation: 'sealed',
    actors: ['collector'],
    afterCrash: ['collector'],
    finding: /^I4: collection c holds/,
  },
]
