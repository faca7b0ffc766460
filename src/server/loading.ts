import type { FastifyInstance } from 'fastify'
import type { Database, LoadingReport } from '../index.ts'

/** They tell of the server, or need nothing that is loaded: names are known. */
const openPages = new Set(['/', '/healthz', '/livez', '/readyz', '/metrics', '/collections', '/aliases'])

/**
 * Requests wait until what they ask for is in memory: the collection that the path names, which is loaded next, or
 * everything. What could not be loaded is told by the request itself.
 */
export function waitForCollections(app: FastifyInstance, database: Database): void {
  app.addHook('preHandler', async ({ routeOptions, params }) => {
    if (database.isLoaded || openPages.has(routeOptions.url ?? '')) return
    const { collection } = (params ?? {}) as Readonly<Record<string, unknown>>
    const name =
      typeof collection === 'string' && database.findCollection(collection) ? collection : undefined
    await database.whenLoaded(name).catch(() => undefined)
  })
}

/**
 * The body of `/readyz`. The first line is Qdrant's; while something is missing, the others tell how much. The page is open to
 * those without a key: it names no collection, which the metrics and the log do.
 */
export function readiness(report: LoadingReport): { readonly isReady: boolean; readonly text: string } {
  if (report.isDone) return { isReady: true, text: 'all shards are ready' }
  const { segments, bytes, collections } = report
  const count = (wanted: string): number => collections.filter(({ status }) => status === wanted).length
  const lines = [
    'some shards are not ready',
    `loaded: ${count('loaded')} of ${collections.length} collections, ${segments.loaded} of ${segments.total} segments, ${bytes.loaded} of ${bytes.total} bytes`,
  ]
  if (count('failed') > 0) lines.push(`could not be loaded: ${count('failed')} collections, see the log`)
  return { isReady: false, text: lines.join('\n') }
}
