import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Of a package below a folder of peers. @throws if it is not installed there */
export async function installedVersion(folder: string | undefined, name: string): Promise<string> {
  const path = join(resolve(folder ?? '.'), 'node_modules', name, 'package.json')
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version
}
