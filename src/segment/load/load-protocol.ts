import type { LoadJob, LoadResult } from './load-job.ts'

/** From the worker, for each job that it was sent. */
export type LoadAnswer =
  { readonly result: LoadResult<LoadJob> } | { readonly error: string; readonly isInvariant: boolean }
