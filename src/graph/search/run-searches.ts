import { allEnded } from '../../runtime/all-ended.ts'
import { mergeKeys } from '../vector-hits.ts'
import type { FoundKeys, Searching, SearchTask, VectorSearcher } from './vector-searcher.ts'

/** Instead of what a task has found: it is not to be done now. */
export const later = Symbol('later')

/** Does a task at once, in this thread, or does not. @throws what the task throws */
export type DoNow = (task: SearchTask) => FoundKeys | typeof later

export interface TaskSearcher extends Pick<VectorSearcher, 'graph' | 'scan' | 'stored'> {
  /** What the tasks of one query have found, if it is to be had by one request for all of them. @throws what a task throws */
  together?(tasks: readonly SearchTask[]): Promise<readonly FoundKeys[]> | undefined
}

/** How far a search is. */
interface Way<T> {
  readonly searching: Searching<T>
  step: IteratorResult<SearchTask, T>
}

/**
 * Runs the searches of one query: each at once as far as its tasks are done now, and then all of them together, or side by
 * side if the searcher does not do that. Ends, or fails, when none of them is under way any more.
 */
export async function runSearches<T>(
  searcher: TaskSearcher,
  searches: readonly Searching<T>[],
  doNow: DoNow,
): Promise<readonly T[]> {
  try {
    const ways: Way<T>[] = []
    let open = 0
    for (const searching of searches) {
      const step = runNow(searching, doNow)
      if (step.done !== true) open += 1
      ways.push({ searching, step })
    }
    while (open > 0) {
      const left = open === ways.length ? ways : ways.filter(isOpen)
      const asked = searcher.together?.(left.map(taskOf))
      if (asked === undefined) {
        await allEnded(left.map((way) => runAlone(searcher, way)))
        break
      }
      open = goOn(left, await asked)
    }
    return ways.map(resultOf)
  } catch (error) {
    // They have something to give back.
    for (const searching of searches) searching.return(undefined as T)
    throw error
  }
}

/** Where the search is at the end, or at the first task that is not to be done now. */
function runNow<T>(searching: Searching<T>, doNow: DoNow): IteratorResult<SearchTask, T> {
  let step = searching.next()
  while (step.done !== true) {
    const found = doNow(step.value)
    if (found === later) return step
    step = searching.next(found)
  }
  return step
}

/** With what each has found. @returns how many ask for more */
function goOn<T>(ways: readonly Way<T>[], found: readonly FoundKeys[]): number {
  let open = 0
  for (let at = 0; at < ways.length; at++) {
    const way = ways[at]!
    way.step = way.searching.next(found[at])
    if (isOpen(way)) open += 1
  }
  return open
}

async function runAlone<T>(searcher: TaskSearcher, way: Way<T>): Promise<void> {
  while (way.step.done !== true) way.step = way.searching.next(await foundBy(searcher, way.step.value))
}

function isOpen<T>({ step }: Way<T>): boolean {
  return step.done !== true
}

function taskOf<T>({ step }: Way<T>): SearchTask {
  return step.value as SearchTask
}

function resultOf<T>({ step }: Way<T>): T {
  return step.value as T
}

async function foundBy(searcher: TaskSearcher, task: SearchTask): Promise<FoundKeys> {
  switch (task.kind) {
    case 'graph':
      return searcher.graph(task.task)
    case 'scan':
      return searcher.scan(task.task)
    case 'stored': {
      const [first] = task.tasks
      if (first === undefined) return new BigUint64Array(0)
      return mergeKeys(await allEnded(task.tasks.map((part) => searcher.stored(part))), first.limit)
    }
  }
}
