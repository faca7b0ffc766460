export type ErrorKind =
  'invalid' | 'not-found' | 'conflict' | 'unavailable' | 'corrupt' | 'closed' | 'internal'

interface CodeEntry {
  readonly kind: ErrorKind
  readonly what: string
  readonly cure: string
}

/** The one table of error codes. `docs/errors.md` is generated from it (`npm run docs:errors`). */
export const errorCodes = {
  'request-invalid': {
    kind: 'invalid',
    what: 'An argument has the wrong type, range or shape.',
    cure: 'Correct the argument that the message names.',
  },
  'dimension-mismatch': {
    kind: 'invalid',
    what: 'A vector has another number of dimensions than its field.',
    cure: 'Send vectors of the size that the collection declares.',
  },
  'vector-unknown': {
    kind: 'invalid',
    what: 'A named vector is not part of the collection.',
    cure: "Use one of the names in the collection's configuration.",
  },
  'vector-exists': {
    kind: 'conflict',
    what: 'The collection has a vector of this name.',
    cure: 'Choose another name, or drop the vector first.',
  },
  'filter-invalid': {
    kind: 'invalid',
    what: 'A filter condition is malformed.',
    cure: 'Correct the condition that the message names.',
  },
  'formula-failed': {
    kind: 'invalid',
    what: 'A formula has no number for a point: a value is absent or of another kind, or a result is not finite.',
    cure: 'Give a default for the value that the message names, or leave such points out by a filter.',
  },
  'snapshot-incompatible': {
    kind: 'invalid',
    what: 'A snapshot does not fit the collection it should replace.',
    cure: 'Restore under another name, or drop the collection first.',
  },
  'archive-invalid': {
    kind: 'invalid',
    what: 'An archive is damaged, incomplete or hostile. Nothing was changed.',
    cure: 'Fetch the archive again and compare its SHA-256; the message names the entry.',
  },
  'archive-key-wrong': {
    kind: 'invalid',
    what: 'An archive is encrypted and no key, or another one, was given; or a key was given and it is not encrypted.',
    cure: 'Give the key or passphrase that it was made with; the message names the id of the key.',
  },
  'archive-untrusted': {
    kind: 'invalid',
    what: 'An archive does not have a signature of a trusted key. Nothing of it was used.',
    cure: 'Fetch it from its maker again, or trust the key whose id the message names.',
  },
  'archive-base-missing': {
    kind: 'invalid',
    what: 'An incremental archive needs a file that neither the store nor the given bases have.',
    cure: 'Restore its base first, or give the archive of its base; the message names the file.',
  },
  'checksum-mismatch': {
    kind: 'invalid',
    what: 'The bytes received do not have the checksum that the caller gave. Nothing was changed.',
    cure: 'Fetch the file again, or correct the checksum.',
  },
  'download-refused': {
    kind: 'invalid',
    what: 'A URL may not be read, or its server answered with an error. Nothing was changed.',
    cure: 'Correct the URL or the key; the message holds the status or the rule.',
  },
  'download-failed': {
    kind: 'unavailable',
    what: 'The server behind a URL could not be reached, or stopped sending. Nothing was changed.',
    cure: 'Check that this machine reaches the address, then start it again.',
  },
  'source-invalid': {
    kind: 'invalid',
    what: 'A server that is copied from answered what cannot be, or holds something that is not supported here. Nothing was changed.',
    cure: 'Look at what the message names at the source; leave that collection out, or copy it another way.',
  },
  'collection-not-found': {
    kind: 'not-found',
    what: 'No collection or alias has this name.',
    cure: 'Create it or correct the name.',
  },
  'point-not-found': {
    kind: 'not-found',
    what: 'A point that a query takes as an example does not exist, or lacks the vector that is asked for.',
    cure: 'Use an id that exists, or give the vector itself.',
  },
  'snapshot-not-found': {
    kind: 'not-found',
    what: 'No snapshot has this name.',
    cure: 'List the snapshots and correct the name.',
  },
  'partition-not-found': {
    kind: 'not-found',
    what: 'The collection has no partition of this name.',
    cure: 'Create it or correct the name.',
  },
  'shard-not-found': {
    kind: 'not-found',
    what: 'The collection has no shard with this number.',
    cure: 'Shards are numbered from 0; look at the number that the collection has.',
  },
  'moment-not-kept': {
    kind: 'not-found',
    what: 'A moment lies outside of what the retention window keeps.',
    cure: 'Choose a later moment or a snapshot; set a longer retention window for the future.',
  },
  'hold-not-found': {
    kind: 'not-found',
    what: 'A snapshot has no hold with this id.',
    cure: 'List the holds of the snapshot.',
  },
  'policy-not-found': {
    kind: 'not-found',
    what: 'No policy has this name.',
    cure: 'List the policies or correct the name.',
  },
  'job-not-found': {
    kind: 'not-found',
    what: 'No job has this id.',
    cure: 'List the jobs; finished ones are forgotten after a while.',
  },
  'archive-not-found': {
    kind: 'not-found',
    what: 'No archive lies under this name.',
    cure: 'List the folder and correct the name.',
  },
  'import-not-found': {
    kind: 'not-found',
    what: 'No import has this id.',
    cure: 'Start it again from the beginning; imports end after a time without a piece, and with a restart.',
  },
  'alias-not-found': {
    kind: 'not-found',
    what: 'No alias has this name.',
    cure: 'Create it or correct the name.',
  },
  'object-not-found': {
    kind: 'not-found',
    what: 'The store holds no object under this key.',
    cure: 'Report it if the key came from a manifest: then data is missing.',
  },
  'collection-exists': {
    kind: 'conflict',
    what: 'A collection of this name exists already.',
    cure: 'Choose another name or drop the collection first.',
  },
  'partition-exists': {
    kind: 'conflict',
    what: 'The collection has a partition of this name.',
    cure: 'Choose another name, or drop the partition first.',
  },
  'alias-exists': {
    kind: 'conflict',
    what: 'The name is taken by an alias.',
    cure: 'Choose another name or delete the alias first.',
  },
  'snapshot-exists': {
    kind: 'conflict',
    what: 'A snapshot of this name exists already.',
    cure: 'Choose another name or delete the snapshot first.',
  },
  'snapshot-held': {
    kind: 'conflict',
    what: 'A hold keeps the snapshot from being deleted.',
    cure: 'Release the hold that the message names, or wait until it expires.',
  },
  'read-only': {
    kind: 'conflict',
    what: 'Snapshots and past moments cannot be written to.',
    cure: 'Clone the snapshot and write to the clone.',
  },
  'object-exists': {
    kind: 'conflict',
    what: 'Another writer has published under this key.',
    cure: 'Reload the state and retry.',
  },
  'store-locked': {
    kind: 'conflict',
    what: 'Another process has this store open.',
    cure: 'Stop the process that the message names.',
  },
  'write-failed': {
    kind: 'unavailable',
    what: 'The disk refused a write. The database takes no more writes until it is opened again.',
    cure: 'Look at the disk (space, permissions, health), then restart.',
  },
  'archive-folder-failed': {
    kind: 'unavailable',
    what: 'The folder of archives could not be read or written. No archive was left half written.',
    cure: 'Look at the disk (space, permissions, health), then try again.',
  },
  'read-failed': {
    kind: 'unavailable',
    what: 'The disk refused a read.',
    cure: 'Look at the disk (health, permissions, open files), then retry.',
  },
  'collection-loading': {
    kind: 'unavailable',
    what: 'The collection is not in memory yet, as the database was opened a moment ago.',
    cure: 'Try again, or wait until `whenLoaded` resolves or `/readyz` says 200.',
  },
  overloaded: {
    kind: 'unavailable',
    what: 'Too much unflushed data waits for the disk.',
    cure: 'Retry with back-off.',
  },
  cancelled: {
    kind: 'unavailable',
    what: 'The operation was cancelled; nothing was changed.',
    cure: 'Start it again.',
  },
  'log-corrupt': {
    kind: 'corrupt',
    what: 'A log file is damaged in the middle: valid records follow the damage.',
    cure: 'Restore from a snapshot, or bring back the file; nothing was dropped or changed.',
  },
  'segment-corrupt': {
    kind: 'corrupt',
    what: 'A segment file does not have the checksum or layout that its manifest states.',
    cure: 'Restore from a snapshot whose files verify, or bring back the file. If a start ends with it, the log has records of the collection: nothing was dropped or changed.',
  },
  'manifest-corrupt': {
    kind: 'corrupt',
    what: 'A catalog, manifest or snapshot metadata file cannot be read.',
    cure: 'Restore from an archive or bring back the file.',
  },
  'version-unsupported': {
    kind: 'corrupt',
    what: 'A file was written by a newer release.',
    cure: 'Open it with that release or a later one.',
  },
  'database-closed': {
    kind: 'closed',
    what: 'The database or handle has been closed.',
    cure: 'Open a new one.',
  },
  internal: {
    kind: 'internal',
    what: 'A bug in Stillpoint.',
    cure: 'Report it with the message and the log.',
  },
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof errorCodes
