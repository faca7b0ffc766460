import type { OpenFile } from './disk.ts'

export interface ObjectInfo {
  readonly key: string
  readonly bytes: number
  /**
   * From `head`: another one once the object was changed or replaced behind the store's back, as far as what is below the
   * store notices. Absent where nothing can be said.
   */
  readonly fingerprint?: string
}

export interface PutOptions {
  /** Refuse with `object-exists` if the key is taken: the compare-and-swap of manifests. Default false. */
  readonly ifAbsent?: boolean
  /** It need not outlive a loss of power, for nothing will name it: it is not waited for. Default false. */
  readonly temporary?: boolean
  /**
   * Nobody changes the parts of the body before the put is over: several may go to the disk as one write. Default false: a part is
   * the caller's again when the next one is asked for.
   */
  readonly partsStay?: boolean
}

/**
 * Immutable objects under keys like `segments/<id>/rows.parquet`. A put is whole and durable when it resolves, or
 * it never happened: no reader ever sees half an object. Keys are relative, `/`-separated, without `.` or `..` parts.
 */
export interface ObjectStore {
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>
  /** @throws object-not-found */
  get(key: string): Promise<Uint8Array>
  /** Exactly `length` bytes from `offset`. @throws object-not-found, request-invalid beyond the end */
  getRange(key: string, offset: number, length: number): Promise<Uint8Array>
  /**
   * Fills the targets, one after the other, with the bytes from `offset` on; absent where `getRange` is as good. See
   * read-into.ts. @throws as getRange; then the targets hold anything
   */
  readInto?(key: string, offset: number, targets: readonly Uint8Array[]): Promise<void>
  /**
   * The object as a file that stays readable until it is closed, also when the object is deleted. Absent where objects are no
   * local files. @throws object-not-found
   */
  openFile?(key: string): Promise<OpenFile>
  /** In chunks, from `offset` to the end or for `length` bytes. @throws object-not-found */
  stream(
    key: string,
    range?: { readonly offset?: number; readonly length?: number },
  ): AsyncIterable<Uint8Array>
  head(key: string): Promise<ObjectInfo | undefined>
  /** All objects below the prefix (`segments/`), in key order. */
  list(prefix: string): Promise<readonly ObjectInfo[]>
  /** Absent keys are fine. */
  delete(keys: readonly string[]): Promise<void>
}
