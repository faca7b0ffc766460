import { expect, test } from 'vitest'
import { faultKinds } from './faults.ts'
import { runSeed, type SeedResult } from './run-seed.ts'

// Goal: the engine keeps I1 to I7 with several users at once, on a disk that fails in every way it can, through many
//   deaths; and what a seed found can be seen again. More seeds: npm run simulate -- --seeds 1000.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 1)
const count = Number(process.env['STILLPOINT_SIMULATIONS'] ?? 12)
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i)
const steps = 60

interface Run {
  readonly result: SeedResult
  readonly lines: readonly string[]
}

const runs = new Map<number, Promise<Run>>()

/** Every seed is run once for all tests. */
function run(seed: number): Promise<Run> {
  const known = runs.get(seed)
  if (known !== undefined) return known
  const lines: string[] = []
  const started = runSeed({ seed, steps, onLine: (line) => lines.push(line) }).then((result) => ({
    result,
    lines,
  }))
  runs.set(seed, started)
  return started
}

test.each(seeds)(
  'nothing acknowledged is lost, and nothing wrong is told, whatever fails (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const { finding, trace } = (await run(seed)).result
    expect(
      finding,
      `npm run simulate -- --seeds 1 --from ${seed} --steps ${steps} --trace\n${trace.slice(-60).join('\n')}`,
    ).toBeUndefined()
  },
)

test('a seed is the same run again, to the last operation of the disk, and another seed is another run', async () => {
  const [seed, other] = [seeds[0]!, seeds[0]! + 1]
  const lines: string[] = []
  const again = await runSeed({ seed, steps, onLine: (line) => lines.push(line) })
  expect(lines).toEqual((await run(seed)).lines)
  expect(again.hash).toBe((await run(seed)).result.hash)
  expect((await run(other)).result.hash).not.toBe(again.hash)
})

test('what happens is what the seeds are for: every kind of fault, death and answer is among them', async () => {
  const seen: string[] = []
  for (const seed of seeds) seen.push(...(await run(seed)).lines)
  const happened = [
    /fails: EIO/,
    /fails: ENOSPC after/,
    /is read wrongly/,
    /the process is killed: open/,
    /the process is killed: a round of operations/,
    /the disk after "all"/,
    /the disk after "synced"/,
    /the disk after \{"torn":/,
    /clock jumps by -/,
    /timer after/,
    /close amid operations/,
    /^end \d+: unknown/,
    /^end \d+: collection-not-found/,
  ]
  expect(happened.filter((pattern) => !seen.some((line) => pattern.test(line)))).toEqual([])
  const kinds = seen.filter((line) => line.startsWith('-- life')).join(' ')
  expect(faultKinds.filter((kind) => !kinds.includes(kind))).toEqual([])
})
