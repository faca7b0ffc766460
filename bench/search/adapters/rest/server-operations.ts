import type { HttpClient } from '../../../support/http-client.ts'
import type { Operation } from '../adapter.ts'
import { timed } from '../timed.ts'

const json = (value: object) => JSON.stringify(value)

/** Through `/v1`. The archive is produced while it is sent. */
export async function stillpointOperations(http: HttpClient): Promise<readonly Operation[]> {
  const taken = await timed(() =>
    http.text('POST', '/v1/snapshots', json({ collections: ['bench'], name: 'bench-taken' })),
  )
  const cloned = await timed(() =>
    http.text('POST', '/v1/collections/bench@bench-taken/clone', json({ as: 'bench-clone' })),
  )
  await http.call('DELETE', '/collections/bench-clone')
  const rolledBack = await timed(() =>
    http.text('POST', '/v1/collections/bench/rollback', json({ to: 'bench-taken' })),
  )
  let bytes = 0
  const archived = await timed(async () => {
    bytes = await http.download('/v1/snapshots/bench@bench-taken/archive')
  })
  return [
    { name: 'snapshot', what: 'a record in the log', seconds: taken },
    { name: 'clone', what: 'writable, shares all files', seconds: cloned },
    { name: 'rollback', what: 'in place, can be undone', seconds: rolledBack },
    { name: 'archive', what: 'download', seconds: archived, bytes },
  ]
}

/** Its snapshot is the archive; a clone and a rollback are recoveries from that file. */
export async function qdrantOperations(http: HttpClient): Promise<readonly Operation[]> {
  let snapshot = ''
  const taken = await timed(async () => {
    snapshot = (await http.call<{ name: string }>('POST', '/collections/bench/snapshots')).name
  })
  const path = `/collections/bench/snapshots/${snapshot}`
  const location = `${http.url}${path}`
  const recover = (collection: string) =>
    timed(() =>
      http.call(
        'PUT',
        `/collections/${collection}/snapshots/recover?wait=true`,
        json({ location, priority: 'snapshot' }),
      ),
    )
  const cloned = await recover('bench-clone')
  await http.call('DELETE', '/collections/bench-clone')
  const rolledBack = await recover('bench')
  let bytes = 0
  const archived = await timed(async () => {
    bytes = await http.download(path)
  })
  return [
    { name: 'snapshot', what: 'a file', seconds: taken },
    { name: 'clone', what: 'recovered from its own URL', seconds: cloned },
    { name: 'rollback', what: 'recovered over the collection', seconds: rolledBack },
    { name: 'archive', what: 'download', seconds: archived, bytes },
  ]
}
