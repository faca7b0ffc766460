// Compiles the vector kernels (AssemblyScript) and writes them as a module that holds the WebAssembly in base64: it
// loads the same way from src/, from dist/ and in worker threads, without touching the file system.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'src/graph/assembly/kernels.ts')
const target = join(root, 'src/graph/kernels.generated.ts')

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-kernels-'))
try {
  const output = join(folder, 'kernels.wasm')
  const flags = ['-O3', '--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1']
  flags.push('--maximumMemory', '65536', '--noAssert', '--enable', 'threads,simd', '--use', 'abort=')
  const { error, stderr } = await asc.main([source, ...flags, '--outFile', output])
  if (error !== null) throw new Error(`The kernels do not compile: ${stderr.toString()}`, { cause: error })
  const base64 = readFileSync(output).toString('base64')
  const module = `// Made by scripts/build-kernels.mjs from assembly/kernels.ts.\nexport const kernelsBase64 =\n  '${base64}'\n`
  // Renamed into place: another process may be loading the sources just now.
  const draft = `${target}.${process.pid}`
  writeFileSync(draft, module)
  renameSync(draft, target)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
