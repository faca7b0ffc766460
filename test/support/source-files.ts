import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface SourceFile {
  /** Below the root of the repository, with `/` between folders. */
  readonly path: string
  readonly text: string
  /** What the file imports or exports from, as written, types included. */
  readonly imports: readonly string[]
  /** The same, resolved below the root of the repository, for relative ones. */
  readonly targets: readonly string[]
}

/** Every TypeScript file below `folder`, apart from the AssemblyScript sources, which no module imports. */
export function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(repositoryRoot, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('src/graph/assembly/'))
    .sort()
    .map(readSourceFile)
}

function readSourceFile(path: string): SourceFile {
  const text = readFileSync(join(repositoryRoot, path), 'utf8')
  const imports = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName)
  const targets = imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(path), name))
  return { path, text, imports, targets }
}
