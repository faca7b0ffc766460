import { parseArgs } from 'node:util'
import { faultKinds, type FaultKind } from './faults.ts'
import { runSeed } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: '150' },
    faults: { type: 'string', default: faultKinds.join(',') },
    trace: { type: 'boolean', default: false },
  },
})

const seeds = Number(values.seeds)
const from = Number(values.from)
const steps = Number(values.steps)
const faults = values.faults.split(',').filter((kind) => kind !== '') as FaultKind[]
const unknown = faults.filter((kind) => !faultKinds.includes(kind))
if (unknown.length > 0 || ![seeds, from, steps].every(Number.isSafeInteger)) {
  console.error(
    `usage: npm run simulate -- --seeds N [--from S] [--steps K] [--faults ${faultKinds.join(',')}] [--trace]`,
  )
  process.exit(2)
}

const started = performance.now()
const failed: number[] = []
let operations = 0
let lives = 0
for (let seed = from; seed < from + seeds; seed++) {
  const result = await runSeed({
    seed,
    steps,
    faults,
    ...(values.trace ? { onLine: (line: string) => console.log(line) } : {}),
  })
  operations += result.steps
  lives += result.lives
  if (result.finding !== undefined) {
    failed.push(seed)
    console.log(`seed ${seed} (trace ${result.hash}): ${result.finding}`)
    const arguments_ = `--seeds 1 --from ${seed} --steps ${steps} --faults ${faults.join(',')}`
    console.log(`again, with everything that happens: npm run simulate -- ${arguments_} --trace\n`)
  }
  const done = seed - from + 1
  if (done % 20 === 0 || done === seeds) {
    const rate = done / ((performance.now() - started) / 1_000)
    console.log(
      `${done} of ${seeds} seeds, ${failed.length} failed; ${operations} operations in ${lives} lives; ${rate.toFixed(1)} seeds/s; last trace ${result.hash}`,
    )
  }
}
if (failed.length > 0) process.exitCode = 1
