/** A place in a directory: files and directories are numbered nodes, names are entries of directories. */
export interface Place {
  readonly directory: number
  readonly name: string
}

/** One change of a simulated disk. `path` is for people; what counts are the nodes. */
export type Mutation =
  | ({
      readonly kind: 'create'
      readonly path: string
      readonly node: number
      readonly createdAt: number
    } & Place)
  | ({ readonly kind: 'make-directory'; readonly path: string; readonly node: number } & Place)
  | ({ readonly kind: 'remove'; readonly path: string } & Place)
  | {
      readonly kind: 'rename'
      readonly path: string
      readonly to: string
      readonly node: number
      readonly from: Place
      readonly target: Place
    }
  | { readonly kind: 'sync-directory'; readonly path: string; readonly node: number }
  | {
      readonly kind: 'write'
      readonly path: string
      readonly node: number
      readonly offset: number
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly node: number; readonly bytes: number }
  | { readonly kind: 'sync-file'; readonly path: string; readonly node: number }

/** What happens to the bytes of a file. */
export type ContentChange =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly bytes: number }
