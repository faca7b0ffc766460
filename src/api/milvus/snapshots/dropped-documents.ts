import type { MilvusDoor } from '../door.ts'

const prefix = 'milvus/dropped/'

/** A collection whose snapshots are to go with it, or did not go yet. */
export interface DroppedCollection {
  readonly id: string
  /** What the engine called it. */
  readonly name: string
}

export const droppedCollections = (door: MilvusDoor): readonly DroppedCollection[] =>
  door.database.documents.list(prefix).map(([document, value]) => ({
    id: document.slice(prefix.length),
    name: (value as { readonly name: string }).name,
  }))

export const rememberDropped = (door: MilvusDoor, { id, name }: DroppedCollection): Promise<void> =>
  door.database.documents.put(prefix + id, { name })

export const forgetDropped = (door: MilvusDoor, id: string): Promise<boolean> =>
  door.database.documents.delete(prefix + id)
