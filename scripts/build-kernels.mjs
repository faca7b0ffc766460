// Compiles the kernels (AssemblyScript) and writes each as a module that holds the WebAssembly in base64: it loads the
// same way from src/, from dist/ and in worker threads, without touching the file system.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const shared = ['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']

const kernels = [
  {
    source: 'src/graph/assembly/kernels.ts',
    target: 'src/graph/kernels.generated.ts',
    name: 'kernelsBase64',
    flags: [...shared, '--enable', 'threads,simd'],
  },
  {
    source: 'src/api/json/assembly/float-text.ts',
    target: 'src/api/json/float-text.generated.ts',
    name: 'floatTextBase64',
    flags: ['--initialMemory', '1', '--enable', 'simd'],
  },
]

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = mkdtempSync(join(tmpdir(), 'stillpoint-kernels-'))
try {
  for (const kernel of kernels) await build(kernel)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function build({ source, target, name, flags }) {
  const output = join(folder, `${name}.wasm`)
  const common = ['-O3', '--runtime', 'stub', '--importMemory', '--noAssert', '--use', 'abort=']
  const { error, stderr } = await asc.main([join(root, source), ...common, ...flags, '--outFile', output])
  if (error !== null) throw new Error(`${source} does not compile: ${stderr.toString()}`, { cause: error })
  const base64 = readFileSync(output).toString('base64')
  const module = `// Made by scripts/build-kernels.mjs from ${source}.\nexport const ${name} =\n  '${base64}'\n`
  // Renamed into place: another process may be loading the sources just now.
  const draft = join(root, `${target}.${process.pid}`)
  writeFileSync(draft, module)
  renameSync(draft, join(root, target))
}
