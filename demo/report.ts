import { styleText } from 'node:util'
import type { Hit } from './library.ts'

const excerptCharacters = 72
let stepCount = 0

export function printStep(title: string): void {
  stepCount += 1
  console.log(`\n${styleText('bold', `${stepCount}. ${title}`)}`)
}

export function printFact(text: string): void {
  console.log(`  ${text}`)
}

export function printAnswers(question: string, hits: readonly Hit[]): void {
  console.log(`  ${styleText('cyan', question)}`)
  for (const { score, package: from, heading, text } of hits) {
    const place = heading === '' ? from : `${from}, ${heading.split(' > ').at(-1) ?? ''}`
    console.log(`    ${score.toFixed(3)}  ${styleText('bold', place)}: ${excerpt(text)}`)
  }
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > excerptCharacters ? `${line.slice(0, excerptCharacters)}…` : line
}

/** Claims that were tested against what the server answered. */
export class Proofs {
  #failed = 0

  get failed(): number {
    return this.#failed
  }

  check(claim: string, holds: boolean): void {
    if (!holds) this.#failed += 1
    console.log(`  ${holds ? styleText('green', '✓') : styleText('red', '✗ NOT TRUE:')} ${claim}`)
  }
}

export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now()
  const value = await work()
  return { value, ms: performance.now() - start }
}

export function inMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export function inBytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
