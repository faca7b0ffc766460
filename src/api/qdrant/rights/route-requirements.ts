import type { Requirement } from './rights.ts'

// What each route of the door asks for, by method and pattern. A route that is not in the table asks for everything, so
// that forgetting one closes it.

type Kind =
  | 'any'
  | 'global read'
  | 'global manage'
  | 'points read'
  | 'points write'
  | 'collection read'
  | 'collection write'
  | 'collection manage'

/** How a refusal is told. */
type Manner =
  /** At once, in the envelope of answers. */
  | 'envelope'
  /** At once, as plain text: uploads, downloads and streams. */
  | 'plain'
  /** By the route itself, once it has read the request (asking.ts). */
  | 'later'

export interface RouteRequirement {
  readonly kind: Kind
  readonly manner: Manner
}

type Line = readonly [routes: string, kind: Kind, manner?: Manner]

const c = '/collections/:'
const shard = `${c}/shards/:`

const lines: readonly Line[] = [
  ['GET /telemetry', 'any'],
  ['GET /issues', 'any'],
  ['GET /collections', 'any'],
  ['GET /aliases', 'any'],

  ['GET /metrics', 'global read'],
  ['GET /cluster', 'global read'],
  ['GET /cluster/telemetry', 'global read'],
  ['GET /cluster/metadata/keys', 'global read'],
  ['GET /cluster/metadata/keys/:', 'global read'],
  ['GET /logger', 'global read'],
  ['GET /quotas', 'global read'],
  ['GET /snapshots', 'global read'],
  ['GET /snapshots/:', 'global read', 'plain'],
  [`GET ${shard}/snapshot/partial/manifest`, 'global read'],

  [`PUT ${c}`, 'global manage', 'later'],
  ['POST /snapshots', 'global manage', 'later'],
  ['DELETE /snapshots/:', 'global manage', 'later'],
  [`PUT ${c}/snapshots/recover`, 'global manage', 'later'],
  [`POST ${c}/snapshots/upload`, 'global manage', 'plain'],
  [`PUT ${shard}/snapshots/recover`, 'global manage', 'later'],
  [`POST ${shard}/snapshots/upload`, 'global manage', 'plain'],
  [`POST ${shard}/snapshot/partial/recover`, 'global manage', 'plain'],
  // The rest of what changes the server asks for 'global manage', too.

  [`GET ${c}`, 'points read'],
  [`GET ${c}/exists`, 'points read'],
  [`GET ${c}/aliases`, 'points read'],
  [`GET ${c}/shards`, 'points read'],
  [`GET ${c}/optimizations`, 'points read'],
  [`GET ${c}/memory`, 'points read'],
  [`GET ${c}/points/:`, 'points read'],
  [`POST ${c}/points`, 'points read'],
  [`POST ${c}/points/scroll`, 'points read'],
  [`POST ${c}/points/count`, 'points read'],
  ...['query', 'search', 'recommend', 'discover'].flatMap((path): Line[] => [
    [`POST ${c}/points/${path}`, 'points read'],
    [`POST ${c}/points/${path}/batch`, 'points read'],
    [`POST ${c}/points/${path}/groups`, 'points read'],
  ]),
  [`POST ${c}/points/search/matrix/pairs`, 'points read'],
  [`POST ${c}/points/search/matrix/offsets`, 'points read'],
  [`POST ${c}/facet`, 'points read'],
  [`POST ${shard}/points`, 'points read'],
  [`POST ${shard}/points/scroll`, 'points read'],
  [`POST ${shard}/points/count`, 'points read'],

  [`PUT ${c}/points`, 'points write'],
  [`POST ${c}/points/delete`, 'points write'],
  [`POST ${c}/points/payload`, 'points write'],
  [`PUT ${c}/points/payload`, 'points write'],
  [`POST ${c}/points/payload/delete`, 'points write'],
  [`POST ${c}/points/payload/clear`, 'points write'],
  [`PUT ${c}/points/vectors`, 'points write'],
  [`POST ${c}/points/vectors/delete`, 'points write'],
  [`POST ${c}/points/batch`, 'points write'],

  [`GET ${c}/cluster`, 'collection read'],
  [`GET ${c}/snapshots`, 'collection read'],
  [`GET ${c}/snapshots/:`, 'collection read', 'plain'],
  [`GET ${shard}/snapshots`, 'collection read'],
  [`GET ${shard}/snapshots/:`, 'collection read', 'plain'],

  [`PUT ${c}/index`, 'collection write'],
  [`DELETE ${c}/index/:`, 'collection write'],
  [`PUT ${c}/vectors/:`, 'collection write'],
  [`DELETE ${c}/vectors/:`, 'collection write'],
  [`POST ${c}/snapshots`, 'collection write', 'later'],
  [`DELETE ${c}/snapshots/:`, 'collection write', 'later'],
  [`POST ${shard}/snapshots`, 'collection write', 'later'],
  [`DELETE ${shard}/snapshots/:`, 'collection write', 'later'],
  [`GET ${shard}/snapshot`, 'collection write', 'plain'],
  [`POST ${shard}/snapshot/partial/create`, 'collection write', 'plain'],

  [`POST ${c}/cluster`, 'collection manage'],
  [`PUT ${c}/shards`, 'collection manage'],
  [`POST ${c}/shards/delete`, 'collection manage'],
  [`POST ${c}/truncate_unapplied_wal`, 'collection manage', 'later'],
  [`POST ${shard}/cleanup`, 'collection manage'],
]

const table: ReadonlyMap<string, RouteRequirement> = new Map(
  lines.map(([route, kind, manner = 'envelope']) => [route, { kind, manner }]),
)

const closed: RouteRequirement = { kind: 'global manage', manner: 'envelope' }

/** Of a route by its pattern, whatever its parameters are called. */
export function routeRequirement(method: string, pattern: string): RouteRequirement {
  return table.get(`${method} ${pattern.replace(/:\w+/g, ':')}`) ?? closed
}

/** The requirement of one request. */
export function requirementFor({ kind }: RouteRequirement, collection: string): Requirement {
  switch (kind) {
    case 'any':
      return { scope: 'any' }
    case 'global read':
      return { scope: 'global', level: 'read' }
    case 'global manage':
      return { scope: 'global', level: 'manage' }
    case 'points read':
      return { scope: 'collection', collection, level: 'read', isWhole: false }
    case 'points write':
      return { scope: 'collection', collection, level: 'write', isWhole: false }
    case 'collection read':
      return { scope: 'collection', collection, level: 'read', isWhole: true }
    case 'collection write':
      return { scope: 'collection', collection, level: 'write', isWhole: true }
    case 'collection manage':
      return { scope: 'collection', collection, level: 'manage', isWhole: true }
  }
}
