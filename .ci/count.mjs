// Prints `PASSED FAILED`: of a report of vitest, or of reports of the recorded conversations against the number of steps
// that have been the same before.
//
//   node count.mjs vitest EXIT-CODE REPORT      node count.mjs golden FLOOR REPORT...
import { existsSync, readFileSync } from 'node:fs'

const read = (path) => JSON.parse(readFileSync(path, 'utf8'))

function countVitest(exitCode, path) {
  if (!existsSync(path)) return [0, 1]
  const { numPassedTests, testResults } = read(path)
  const failed = testResults.flatMap(({ status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status !== 'passed').length
    // A file that fails without a failing test could not be loaded.
    return status === 'failed' ? Math.max(1, tests) : tests
  })
  const sum = failed.reduce((a, b) => a + b, 0)
  // Whatever else made the run fail (an error outside of any test) counts as one.
  return [numPassedTests, exitCode === '0' ? sum : Math.max(1, sum)]
}

function countGolden(floorPath, ...paths) {
  const floor = read(floorPath).same
  const reports = paths.filter((path) => existsSync(path)).map(read)
  const same = reports.reduce((sum, { tally }) => sum + tally.same, 0)
  if (same < floor) {
    for (const { scenario, step, do: request, verdict, why } of reports.flatMap(({ report }) => report)) {
      if (verdict !== 'wording')
        console.error(`${verdict} ${scenario} #${step} ${request}: ${String(why).slice(0, 300)}`)
    }
    console.error(`${same} steps are the same; ${floor} have been before`)
  }
  if (same > floor) console.error(`${same} steps are the same: ${floorPath} may be raised from ${floor}`)
  return [same, Math.max(0, floor - same)]
}

const [kind, ...args] = process.argv.slice(2)
console.log((kind === 'vitest' ? countVitest(...args) : countGolden(...args)).join(' '))
