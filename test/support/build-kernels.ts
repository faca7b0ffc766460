import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './source-files.ts'

const script = 'scripts/build-kernels.mjs'
const kernels = [
  { built: 'src/graph/kernels.generated.ts', sources: 'src/graph/assembly' },
  { built: 'src/api/json/float-text.generated.ts', sources: 'src/api/json/assembly' },
]

/** The kernels are AssemblyScript: the sources cannot run without them. */
export function setup(): void {
  if (kernels.every(isFresh)) return
  const run = spawnSync(process.execPath, [script], { cwd: repositoryRoot, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`The kernels could not be built:\n${run.stdout}${run.stderr}`)
}

function isFresh({ built, sources }: (typeof kernels)[number]): boolean {
  const inputs = [script, ...readdirSync(join(repositoryRoot, sources)).map((name) => join(sources, name))]
  const time = (path: string) => statSync(join(repositoryRoot, path), { throwIfNoEntry: false })?.mtimeMs
  const builtAt = time(built)
  return builtAt !== undefined && inputs.every((path) => (time(path) ?? Infinity) < builtAt)
}
