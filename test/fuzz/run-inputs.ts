import { Home } from './home.ts'
import { makeInput, type Input } from './input.ts'
import { makeSamples } from './samples.ts'
import { tryInput } from './try-input.ts'
import { tryQdrant } from './try-qdrant.ts'
import { trySealed } from './try-sealed.ts'
import { Dice } from './dice.ts'

export interface Finding {
  readonly index: number
  readonly what: string
  readonly changes: readonly string[]
  /** The archive, if it was one. */
  readonly bytes?: Uint8Array
  readonly bases?: readonly Uint8Array[]
}

export interface Run {
  /** How many inputs ended so: restored, or refused by this code. */
  readonly outcomes: Map<string, number>
  readonly findings: Finding[]
}

export interface RunOptions {
  readonly seed: number
  readonly from: number
  readonly to: number
  readonly onInput?: (index: number) => void
  readonly onFinding?: (finding: Finding) => void
}

/** One home serves so many inputs, or until something was restored into it that was not taken away again. */
const inputsPerHome = 25
const sealedShare = 0.08
/** Of the rest: archives in Qdrant's own layout. */
const qdrantShare = 0.12
/** An archive of some ten kilobytes is no reason to take more. */
const growthMax = 300 * 2 ** 20

/** Inputs `from` to `to` - 1 of a seed. */
export async function runInputs({ seed, from, to, onInput, onFinding }: RunOptions): Promise<Run> {
  const run: Run = { outcomes: new Map(), findings: [] }
  const { archives, sealed } = await makeSamples()
  const template = await Home.template(archives.find(({ scope }) => scope === 'shard')!)
  let home: Home | undefined
  let used = 0
  const report = (finding: Finding): void => {
    run.findings.push(finding)
    onFinding?.(finding)
  }
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  try {
    for (let index = from; index < to; index++) {
      onInput?.(index)
      const peak = process.resourceUsage().maxRSS
      let ended = ''
      let input: Input | undefined
      let changes: readonly string[] = []
      try {
        const share = new Dice(seed, index)
        if (share.chance(sealedShare)) {
          const result = await trySealed(sealed, seed, index)
          changes = result.changes
          ended = `sealed ${result.code === '' ? 'read' : result.code}`
        } else if (share.chance(qdrantShare)) {
          const result = await tryQdrant(seed, index)
          changes = result.changes
          ended = `Qdrant's ${result.code === '' ? 'read' : result.code}`
        } else {
          input = await makeInput(archives, seed, index)
          changes = input.changes
          home ??= await Home.open(template, index)
          used += 1
          const { restored, code } = await tryInput(home, input)
          ended = restored ? (changes.length === 0 ? 'restored as it was' : 'restored, changed') : code
          if (restored || used === inputsPerHome) home = await leave(home)
        }
        // What nobody waits for fails a turn later.
        await new Promise((resolve) => setImmediate(resolve))
        if (rejections.length > 0) throw rejections.splice(0)[0]
        const grown = (process.resourceUsage().maxRSS - peak) * 1_024
        if (grown > growthMax) throw new Error(`it took ${Math.round(grown / 2 ** 20)} MiB of memory`)
      } catch (error) {
        ended = 'finding'
        report({
          index,
          what: describe(error),
          changes,
          ...(input && { bytes: input.bytes, bases: input.bases }),
        })
        home = await leave(home)
      }
      if (home === undefined) used = 0
      run.outcomes.set(ended, (run.outcomes.get(ended) ?? 0) + 1)
    }
  } finally {
    process.off('unhandledRejection', onRejection)
    await leave(home)
  }
  return run
}

async function leave(home: Home | undefined): Promise<undefined> {
  // After a finding it may be in any state, and the finding is what matters.
  await home?.db.close().catch(() => undefined)
  return undefined
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
