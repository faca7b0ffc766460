import type { Profiler } from 'node:inspector'

export interface FunctionTime {
  readonly name: string
  /** File and line; empty for what is not JavaScript. */
  readonly place: string
  /** In the function itself, without what it called. */
  readonly milliseconds: number
  /** Of the time in which the thread did anything. */
  readonly share: number
}

const notWork = new Set(['(idle)', '(root)'])

/** By time of their own, longest first. All places of a function are counted as one. */
export function topFunctions({
  nodes,
  samples = [],
  timeDeltas = [],
}: Profiler.Profile): readonly FunctionTime[] {
  const microseconds = new Map<number, number>()
  samples.forEach((node, at) => microseconds.set(node, (microseconds.get(node) ?? 0) + (timeDeltas[at] ?? 0)))
  const functions = new Map<string, { name: string; place: string; microseconds: number }>()
  let busy = 0
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame
    const time = microseconds.get(id) ?? 0
    if (time === 0 || notWork.has(functionName)) continue
    busy += time
    const place = url === '' ? '' : `${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
    const key = `${functionName} ${place}`
    const known = functions.get(key) ?? { name: functionName || '(anonymous)', place, microseconds: 0 }
    functions.set(key, { ...known, microseconds: known.microseconds + time })
  }
  return [...functions.values()]
    .sort((a, b) => b.microseconds - a.microseconds)
    .map(({ name, place, microseconds: time }) => ({
      name,
      place,
      milliseconds: time / 1_000,
      share: time / busy,
    }))
}

/** How much of the time the thread did anything, from 0 to 1. */
export function busyShare({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const resting = new Set(
    nodes.filter(({ callFrame }) => notWork.has(callFrame.functionName)).map(({ id }) => id),
  )
  let [busy, all] = [0, 0]
  samples.forEach((node, at) => {
    const time = timeDeltas[at] ?? 0
    all += time
    if (!resting.has(node)) busy += time
  })
  return all === 0 ? 0 : busy / all
}
