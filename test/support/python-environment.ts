import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { temporaryFolder } from './server-process.ts'

export const pythonInstallMs = 10 * 60_000

/** A Python with the packages of a `requirements.txt`, in a folder of its own, or why there is none on this machine. */
export async function pythonWith(
  requirements: string,
): Promise<{ readonly path: string } | { readonly missing: string }> {
  if (spawnSync('python3', ['--version']).status !== 0)
    return { missing: 'there is no python3 on this machine' }
  const folder = await temporaryFolder()
  const created = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' })
  if (created.status !== 0) return { missing: `python3 makes no environment: ${lastLine(created.stdout)}` }
  const path = join(folder, 'bin', 'python')
  const installed = spawnSync(
    path,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements],
    { encoding: 'utf8', timeout: pythonInstallMs },
  )
  return installed.status === 0 ? { path } : { missing: `pip cannot get it: ${lastLine(installed.stderr)}` }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
