import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import type { Open } from './crash-suite.ts'
import { repositoryRoot } from './source-files.ts'

export interface Patch {
  /** Below src/. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/**
 * The engine of the sources with some texts replaced, bundled into `folder`, which lies in the repository: a copy of all modules
 * would be compiled one by one. @throws if a text is not there exactly once
 */
export async function patchedEngine(folder: string, patches: readonly Patch[]): Promise<Open> {
  const source = join(repositoryRoot, 'src')
  const left = new Set(patches)
  const { dependencies } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  const packages = Object.keys(dependencies)
  const bundled = await rolldown({
    input: { engine: join(source, 'index.ts') },
    platform: 'node',
    transform: { target: 'node20.19' },
    treeshake: false,
    external: (id) => packages.some((name) => id === name || id.startsWith(`${name}/`)),
    plugins: [
      {
        name: 'patch',
        load: (id) => {
          const here = patches.filter(({ file }) => id === join(source, file))
          if (here.length === 0) return undefined
          let text = readFileSync(id, 'utf8')
          for (const patch of here) {
            if (text.split(patch.from).length !== 2)
              throw new Error(`${patch.file} does not hold once: ${patch.from}`)
            text = text.replace(patch.from, patch.to)
            left.delete(patch)
          }
          return text
        },
      },
    ],
  })
  // Named like sources: run from these the engine starts no threads.
  await bundled.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].ts',
    chunkFileNames: '[name].ts',
  })
  await bundled.close()
  if (left.size > 0) throw new Error(`no module has ${[...left].map(({ file }) => file).join(', ')}`)
  const engine = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'engine.ts')).href)) as {
    open: Open
  }
  return engine.open
}
