import type { Documents } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import type { PasswordRecord } from './passwords.ts'

// Users, roles and groups of privileges are documents of the store. What is built in has none until it is changed.

export const rootUser = 'root'
export const adminRole = 'admin'
export const publicRole = 'public'
export const builtInRoles: readonly string[] = [adminRole, publicRole]
/** Stands for all collections, all databases. */
export const anyName = '*'

export interface User {
  readonly name: string
  /** Undefined for the root user whose password was never changed. */
  readonly password?: PasswordRecord
  readonly roles: readonly string[]
  readonly description: string
}

export const objectTypes = ['Collection', 'Global', 'User'] as const
export type ObjectType = (typeof objectTypes)[number]

export interface Grant {
  readonly object: ObjectType
  /** Of a collection or user; `*`: all. */
  readonly objectName: string
  /** Of a database; `*`: all. */
  readonly database: string
  /** A privilege or a group of them, without the word Privilege. */
  readonly privilege: string
  /** Who granted it. */
  readonly grantor: string
}

export interface Role {
  readonly name: string
  readonly description: string
  readonly grants: readonly Grant[]
}

export interface PrivilegeGroup {
  readonly name: string
  readonly privileges: readonly string[]
}

/** Everybody may see how collections are made, as in Milvus; that can be revoked. */
const publicGrants: readonly Grant[] = [
  grantOfAll('Global', 'DescribeCollection'),
  grantOfAll('Global', 'ListAliases'),
  grantOfAll('Collection', 'IndexDetail'),
]

function grantOfAll(object: ObjectType, privilege: string): Grant {
  return { object, objectName: anyName, database: anyName, privilege, grantor: rootUser }
}

const built: Readonly<Record<string, Role | User>> = {
  'user/root': { name: rootUser, roles: [adminRole], description: '' },
  'role/admin': { name: adminRole, description: '', grants: [] },
  'role/public': { name: publicRole, description: '', grants: publicGrants },
}

/** The documents of one kind, by name, together with what is built in. */
class Shelf<T extends { readonly name: string }> {
  readonly #documents: Documents
  readonly #kind: string

  constructor(documents: Documents, kind: string) {
    this.#documents = documents
    this.#kind = kind
  }

  get(name: string): T | undefined {
    const key = `${this.#kind}/${name}`
    const kept = this.#documents.get(`milvus/${key}`) ?? (Object.hasOwn(built, key) ? built[key] : undefined)
    return kept as unknown as T | undefined
  }

  /** By name. */
  list(): readonly T[] {
    const kept = this.#documents.list(`milvus/${this.#kind}/`).map(([, value]) => value as unknown as T)
    const names = new Set(kept.map(({ name }) => name))
    const others = Object.entries(built)
      .filter(([key, { name }]) => key === `${this.#kind}/${name}` && !names.has(name))
      .map(([, one]) => one as unknown as T)
    return [...kept, ...others].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async put(one: T): Promise<void> {
    await this.#documents.put(`milvus/${this.#kind}/${one.name}`, one)
  }

  async delete(name: string): Promise<void> {
    await this.#documents.delete(`milvus/${this.#kind}/${name}`)
  }
}

export interface Directory {
  readonly users: Shelf<User>
  readonly roles: Shelf<Role>
  readonly groups: Shelf<PrivilegeGroup>
}

export function directoryOf({ database: { documents } }: Pick<MilvusDoor, 'database'>): Directory {
  return {
    users: new Shelf<User>(documents, 'user'),
    roles: new Shelf<Role>(documents, 'role'),
    groups: new Shelf<PrivilegeGroup>(documents, 'privilege-group'),
  }
}

/** Changes of users, roles and groups go one after the other. */
export const changeDirectory = <T>(
  door: MilvusDoor,
  work: (directory: Directory) => Promise<T>,
): Promise<T> => door.sequences.run('milvus/access', () => work(directoryOf(door)))
