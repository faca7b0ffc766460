import { spawnSync } from 'node:child_process'
import { repositoryRoot } from './source-files.ts'

/** The kernels are AssemblyScript: the sources cannot run without them. Takes a second. */
export function setup(): void {
  const run = spawnSync(process.execPath, ['scripts/build-kernels.mjs'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`The kernels could not be built:\n${run.stdout}${run.stderr}`)
}
