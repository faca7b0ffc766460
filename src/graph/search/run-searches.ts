import { allEnded } from '../../runtime/all-ended.ts'
import { mergeKeys } from '../vector-hits.ts'
import type { FoundKeys, Searching, SearchTask, VectorSearcher } from './vector-searcher.ts'

/** Instead of what a task has found: it is not to be done now. */
export const later = Symbol('later')

/** Does a task at once, in this thread, or does not. @throws what the task throws */
export type DoNow = (task: SearchTask) => FoundKeys | typeof later

type TaskSearcher = Pick<VectorSearcher, 'graph' | 'scan' | 'stored'>

/**
 * Runs searches one after the other as long as their tasks are done at once, and side by side from the first task on that is
 * not: the searcher does that one, and what follows.
 */
export async function runSearches<T>(
  searcher: TaskSearcher,
  searches: readonly Searching<T>[],
  doNow: DoNow,
): Promise<readonly T[]> {
  const ended: T[] = []
  for (const searching of searches) {
    const step = runNow(searching, doNow)
    if (step.done !== true) {
      const others = searches.slice(ended.length + 1)
      const rest = [runOn(searcher, searching, step), ...others.map((one) => runWhole(searcher, one))]
      return ended.concat(await allEnded(rest))
    }
    ended.push(step.value)
  }
  return ended
}

/** Where the search is at the end, or at the first task that is not to be done now. */
function runNow<T>(searching: Searching<T>, doNow: DoNow): IteratorResult<SearchTask, T> {
  let step = searching.next()
  while (step.done !== true) {
    let found: FoundKeys | typeof later
    try {
      found = doNow(step.value)
    } catch (error) {
      // It has something to give back.
      step = searching.throw(error)
      continue
    }
    if (found === later) return step
    step = searching.next(found)
  }
  return step
}

async function runWhole<T>(searcher: TaskSearcher, searching: Searching<T>): Promise<T> {
  return runOn(searcher, searching, searching.next())
}

async function runOn<T>(
  searcher: TaskSearcher,
  searching: Searching<T>,
  from: IteratorResult<SearchTask, T>,
): Promise<T> {
  let step = from
  while (step.done !== true) {
    let found: FoundKeys
    try {
      found = await foundBy(searcher, step.value)
    } catch (error) {
      step = searching.throw(error)
      continue
    }
    step = searching.next(found)
  }
  return step.value
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
