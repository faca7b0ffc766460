import { forbidden } from '../failures.ts'

/** Of a collection: read, read and write, or read and write of points alone. */
export type CollectionMode = 'r' | 'rw' | 'prw'

/** What a key or token allows. */
export type Grant =
  | { readonly scope: 'global'; readonly level: 'read' | 'manage' }
  | { readonly scope: 'collections'; readonly modes: ReadonlyMap<string, CollectionMode> }

/** What a request asks for. */
export type Requirement =
  /** Whoever is known. */
  | { readonly scope: 'any' }
  | { readonly scope: 'global'; readonly level: 'read' | 'manage' }
  | {
      readonly scope: 'collection'
      /** As the request names it: an alias counts as a name of its own. */
      readonly collection: string
      readonly level: 'read' | 'write' | 'manage'
      /** More than its points: rights of points alone do not do. */
      readonly isWhole: boolean
    }

/** What somebody may do. Both doors, REST and gRPC, ask it. */
export class Rights {
  /** Of a server without keys, and of the full key. */
  static readonly everything = new Rights({ scope: 'global', level: 'manage' }, () => true)

  readonly #grant: Grant
  readonly #isLive: (name: string) => boolean

  /** `isLive`: whether a collection or alias has exactly this name now. */
  constructor(grant: Grant, isLive: (name: string) => boolean) {
    this.#grant = grant
    this.#isLive = isLive
  }

  /** @throws WireError 403 in Qdrant's words */
  require(requirement: Requirement): void {
    const missing = this.#missing(requirement)
    if (missing !== undefined) throw forbidden(missing)
  }

  allows(requirement: Requirement): boolean {
    return this.#missing(requirement) === undefined
  }

  /** May know that the collection or alias exists, and read it. */
  maySee(collection: string): boolean {
    return this.allows(readingOf(collection))
  }

  #missing(requirement: Requirement): string | undefined {
    if (requirement.scope === 'any') return undefined
    if (this.#grant.scope === 'global') {
      const isEnough = this.#grant.level === 'manage' || requirement.level === 'read'
      return isEnough ? undefined : 'Global manage access is required'
    }
    if (requirement.scope === 'global') return 'Global access is required'
    const { collection, level, isWhole } = requirement
    const mode = this.#modeOf(this.#grant.modes, collection)
    if (mode === undefined) return `Access to collection ${collection} is required`
    if (mode === 'r' && level !== 'read') return `Write access to collection ${collection} is required`
    if (mode === 'prw' && isWhole) return `Only points access is allowed for collection ${collection}`
    return level === 'manage' ? 'Manage access for this operation is required' : undefined
  }

  /**
   * `<collection>@<snapshot>` is covered by rights to the collection. Names may hold an `@` themselves, and then it is
   * not plain where the collection ends: every name that could be meant has to be covered.
   */
  #modeOf(modes: ReadonlyMap<string, CollectionMode>, name: string): CollectionMode | undefined {
    const own = modes.get(name)
    if (own !== undefined || !name.includes('@') || this.#isLive(name)) return own
    const found = [...name.matchAll(/@/g)].map(({ index }) => modes.get(name.slice(0, index)))
    if (found.some((mode) => mode === undefined)) return undefined
    return ['r', 'prw', 'rw'].find((mode) => found.includes(mode as CollectionMode)) as CollectionMode
  }
}

/** To read the points of a collection. */
export function readingOf(collection: string): Requirement {
  return { scope: 'collection', collection, level: 'read', isWhole: false }
}
