import type { Disk } from './disk.ts'

/**
 * Makes a directory with all its parents so that they survive power loss. One level at a time, each synced before
 * the next: so of what an interrupted run left, at most the deepest directory is not yet durable, and syncing the
 * parent of the deepest one that exists is enough.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  const missing: string[] = []
  let existing = path
  while ((await disk.stat(existing)) === undefined && parentOf(existing) !== existing) {
    missing.push(existing)
    existing = parentOf(existing)
  }
  await syncIfPermitted(disk, parentOf(existing))
  for (const directory of missing.reverse()) {
    await disk.makeDirectory(directory)
    await disk.syncDirectory(parentOf(directory))
  }
}

/** `/a/b` for `/a/b/c`; `.` for a bare name; `/` and `.` are their own parents. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  if (slash < 0) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}

async function syncIfPermitted(disk: Disk, directory: string): Promise<void> {
  try {
    await disk.syncDirectory(directory)
  } catch (error) {
    // A parent that we may not read is one in which we have not made anything.
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'EACCES' && code !== 'EPERM') throw error
  }
}
