// Builds the kernels and dist/. With --if-stale it does nothing when dist/ was built from the same sources.
//
// The build goes to a folder of its own and is then moved into place, so that dist/ never holds half a build or a
// module whose source is gone. Types are a file for each module; the program is bundled into a few files, as loading
// hundreds of small ones took most of a start's time. Packages stay outside: they are those that npm has installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const inputs = [
  'src',
  'scripts/build.mjs',
  'scripts/build-kernels.mjs',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
]
const packages = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies)
const stamp = join(root, 'dist', '.sources')

function fingerprint() {
  const hash = createHash('sha256')
  for (const path of inputs.flatMap(filesBelow).sort()) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(path) {
  if (!existsSync(join(root, path))) return []
  try {
    return readdirSync(join(root, path), { withFileTypes: true })
      .flatMap((entry) => filesBelow(`${path}/${entry.name}`))
      .filter((file) => !file.endsWith('.test.ts') && !file.includes('.generated.'))
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** All files lie side by side: a worker's file is found beside the one that starts it. */
async function bundle(folder) {
  const bundled = await rolldown({
    cwd: root,
    input: {
      index: 'src/index.ts',
      main: 'src/cli/main.ts',
      'build-worker': 'src/segment/build-worker.ts',
      'load-worker': 'src/segment/load/load-worker.ts',
      'search-worker': 'src/graph/search/threads/search-worker.ts',
    },
    platform: 'node',
    transform: { target: 'node20.19' },
    // Nothing is left out: to the bundler a call that does nothing but throw is one that does nothing.
    treeshake: false,
    external: (id) => packages.some((name) => id === name || id.startsWith(`${name}/`)),
  })
  await bundled.write({
    dir: join(root, folder),
    format: 'esm',
    keepNames: true,
    minify: false,
    chunkFileNames: '[name].js',
  })
  await bundled.close()
}

const wanted = fingerprint()
const isFresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
if (!(process.argv.includes('--if-stale') && isFresh)) {
  const fresh = `dist.${process.pid}`
  run('scripts/build-kernels.mjs')
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', fresh)
  await bundle(fresh)
  writeFileSync(join(root, fresh, '.sources'), wanted)
  const old = `${fresh}.old`
  if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, old))
  renameSync(join(root, fresh), join(root, 'dist'))
  rmSync(join(root, old), { recursive: true, force: true })
}
