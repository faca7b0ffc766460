import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Says on stderr when a package is loaded, module by module and of either kind, and when something is written to stdout. */
const recorder = String.raw`
import module from 'node:module'
import { writeSync } from 'node:fs'

const see = (place) => {
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(place)?.[1]
  if (name !== undefined) writeSync(2, 'loaded ' + name + '\n')
}
const compile = module.prototype._compile
module.prototype._compile = function (content, file) {
  see(file)
  return compile.apply(this, arguments)
}
const hooks = 'import { writeSync } from "node:fs"; const see = ' + see +
  '; export async function load(url, context, next) { see(url); return next(url, context) }'
module.register('data:text/javascript,' + encodeURIComponent(hooks))
const write = process.stdout.write
process.stdout.write = function (text) {
  writeSync(2, 'wrote to stdout\n')
  return write.apply(this, arguments)
}
`

/** The environment of a Node process that says which packages it loads. `folder` is one of the test's. */
export async function recordingPackages(folder: string): Promise<Readonly<Record<string, string>>> {
  const file = join(folder, 'recorder.mjs')
  await writeFile(file, recorder)
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` }
}

export interface LoadedPackages {
  /** Before the first word on stdout: a server's greeting. */
  readonly beforeGreeting: readonly string[]
  readonly untilNow: readonly string[]
}

/** Which packages a process has loaded, by what it has written. */
export function loadedPackages(log: string): LoadedPackages {
  return {
    beforeGreeting: packagesIn(log.slice(0, log.indexOf('wrote to stdout\n'))),
    untilNow: packagesIn(log),
  }
}

const packagesIn = (log: string): readonly string[] =>
  [...new Set([...log.matchAll(/^loaded (\S+)$/gm)].map(([, name]) => name!))].sort()
