import { spawnSync } from 'node:child_process'
import { repositoryRoot } from './source-files.ts'

/** Builds dist/ unless it was built from these very sources. */
export function setup(): void {
  const run = spawnSync(process.execPath, ['scripts/build.mjs', '--if-stale'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`The build failed:\n${run.stdout}${run.stderr}`)
}
