import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Writes `loaded <package>` to stderr when the first file of a package is read, of either kind of module. */
const recorder = `
import module from 'node:module'
import { writeSync } from 'node:fs'
const seen = new Set()
const see = (place) => {
  const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(place)?.[1]
  if (name === undefined || seen.has(name)) return
  seen.add(name)
  writeSync(2, 'loaded ' + name + '\\n')
}
const compile = module.prototype._compile
module.prototype._compile = function (content, file) {
  see(file)
  return compile.apply(this, arguments)
}
module.register('data:text/javascript,' + encodeURIComponent(\`
  import { writeSync } from 'node:fs'
  export async function load(url, context, next) {
    const name = /.*\\\\/node_modules\\\\/((?:@[^/]+\\\\/)?[^/]+)\\\\//.exec(url)?.[1]
    if (name !== undefined) writeSync(2, 'loaded ' + name + '\\\\n')
    return next(url, context)
  }\`))
`

/** The environment of a Node process that says on stderr which packages it loads, and when. */
export async function recordingPackages(folder: string): Promise<Readonly<Record<string, string>>> {
  const file = join(folder, 'recorder.mjs')
  await writeFile(file, recorder)
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` }
}
