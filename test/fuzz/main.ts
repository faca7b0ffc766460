import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ChildMessage } from './child.ts'

// The inputs run in a process of their own, so that one that never ends, or ends the process, is a finding like others.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    from: { type: 'string', default: '0' },
    count: { type: 'string' },
  },
})
const seed = Number(values.seed)
const minutes = Number(values.minutes)
const from = Number(values.from)
const to = values.count === undefined ? Number.MAX_SAFE_INTEGER : from + Number(values.count)
if (![seed, from, to].every(Number.isSafeInteger) || !(minutes > 0)) {
  console.error('usage: npm run fuzz -- [--minutes M] [--seed N] [--from I] [--count C]')
  process.exit(2)
}

/** One input takes some ten milliseconds. */
const hangMs = 60_000
/** Compiling the sources and making the samples, on a busy machine. */
const startMs = 300_000
const batch = 1_000
const folder = mkdtempSync(join(tmpdir(), `stillpoint-fuzz-${seed}-`))
const started = performance.now()
const outcomes = new Map<string, number>()
const seen = new Map<string, number>()
let inputs = 0
let findings = 0

const elapsed = (): number => performance.now() - started

console.log(`seed ${seed}, ${minutes} minutes; findings go to ${folder}`)
for (let next = from; next < to && elapsed() < minutes * 60_000;) {
  next = await runBatch(next, Math.min(to, next + batch))
  const rate = inputs / (elapsed() / 1_000)
  console.log(
    `${Math.round(elapsed() / 1_000)} s, seed ${seed}: ${inputs} inputs, ${findings} findings (${seen.size} kinds), ${rate.toFixed(1)} inputs/s`,
  )
}
const counts = [...outcomes].sort(([, a], [, b]) => b - a)
console.log(`\nseed ${seed}: ${inputs} inputs in ${Math.round(elapsed() / 1_000)} s`)
for (const [outcome, count] of counts) console.log(`  ${String(count).padStart(8)}  ${outcome}`)
console.log(findings === 0 ? 'nothing found' : `${findings} findings of ${seen.size} kinds, in ${folder}:`)
for (const [kind, count] of seen) console.log(`  ${String(count).padStart(8)}  ${kind}`)
if (findings > 0) process.exitCode = 1

/** Gives where to go on: behind the batch, or behind the input that the process did not survive. */
function runBatch(first: number, end: number): Promise<number> {
  return new Promise((resolve) => {
    const child: ChildProcess = fork(fileURLToPath(new URL('child.ts', import.meta.url)), {
      execArgv: [...process.execArgv, '--max-old-space-size=1024'],
    })
    let current = first
    let isDone = false
    let why = ''
    const watch = (ms: number): NodeJS.Timeout =>
      setTimeout(() => {
        why = `it does not end within ${ms / 1_000} s`
        child.kill('SIGKILL')
      }, ms)
    let timer = watch(startMs)
    child.on('message', (message: ChildMessage) => {
      if (message.kind === 'input') {
        current = message.index
        inputs += 1
        clearTimeout(timer)
        timer = watch(hangMs)
      } else if (message.kind === 'finding') found(message)
      else {
        isDone = true
        for (const [outcome, count] of message.outcomes)
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
      }
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      // Somebody wants to have it ended; its inputs are tried again unless we are ended, too.
      if (signal === 'SIGTERM' || signal === 'SIGINT') return resolve(current)
      if (!isDone)
        found({
          index: current,
          what: why === '' ? `the process died: ${code ?? signal ?? ''}` : why,
          changes: [],
        })
      resolve(isDone ? end : current + 1)
    })
    child.send({ seed, from: first, to: end })
  })
}

interface Found {
  readonly index: number
  readonly what: string
  readonly changes: readonly string[]
  /** Base 64. */
  readonly files?: Readonly<Record<string, string>>
}

function found({ index, what, changes, files = {} }: Found): void {
  findings += 1
  // Numbers and names differ, the place is the same.
  const kind = what
    .split('\n')
    .slice(0, 3)
    .join(' ')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '#')
  const count = (seen.get(kind) ?? 0) + 1
  seen.set(kind, count)
  // One fault may show in thousands of inputs.
  if (count > 5) return
  const place = join(folder, `input-${index}`)
  mkdirSync(place, { recursive: true })
  const again = `npm run fuzz -- --seed ${seed} --from ${index} --count 1`
  writeFileSync(join(place, 'finding.txt'), [what, '', ...changes, '', again, ''].join('\n'))
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(place, name), Buffer.from(text, 'base64'))
  console.log(`\ninput ${index}: ${what}\n  ${changes.join('\n  ')}\nagain: ${again}\n`)
}
