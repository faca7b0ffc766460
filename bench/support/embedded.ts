import { join } from 'node:path'
import type * as stillpoint from '../../src/index.ts'
import { startProgress } from '../../scripts/terminal/progress.ts'
import { rowDimensions, type Context, type LoadedCollection } from './context.ts'

export type Database = stillpoint.Database

const batchRows = 2_000

export type Built = typeof stillpoint

/** The built program, as an embedding user has it. */
export async function built(): Promise<Built> {
  return (await import(new URL('../../dist/index.js', import.meta.url).href)) as Built
}

/** A database in this process with a collection of each size, flushed. The caller closes it. */
export async function openLoaded(
  context: Context,
  folder: string,
  sizes: readonly LoadedCollection[] = ['small', 'large'],
): Promise<Database> {
  const { open } = await built()
  const db = await open(join(context.home, folder))
  try {
    for (const name of sizes) await load(context, db, name)
    await db.flush()
    await db.optimize()
    await db.flush()
    return db
  } catch (error) {
    await db.close()
    throw error
  }
}

async function load(context: Context, db: Database, name: LoadedCollection): Promise<void> {
  const rows = context.rowsOf(name)
  const collection = await db.createCollection(name, {
    vectors: { '': { size: rowDimensions, distance: 'Dot' } },
  })
  const progress = startProgress(`loading ${name} in process`, rows, 'rows')
  try {
    for (let at = 0; at < rows; at += batchRows) {
      context.signal.throwIfAborted()
      const count = Math.min(batchRows, rows - at)
      await collection.upsert(Array.from({ length: count }, (_, i) => pointOf(context, at + i + 1)))
      progress.update(at + count)
    }
  } finally {
    progress.end()
  }
}

export function pointOf(context: Context, id: number) {
  return {
    id,
    vectors: { '': vectorOf(context) },
    payload: { n: id, group: `g${id % 100}` },
  }
}

export function vectorOf(context: Context): number[] {
  return Array.from({ length: rowDimensions }, () => context.points.below(2_000) / 1_000 - 1)
}

/** Milliseconds that a piece of work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
