import { exitCodes, StartupError } from '../startup-error.ts'
import { isTree, type SettingsTree } from './settings-tree.ts'

/** How this module reads a file, so that tests need none. */
export type ReadText = (path: string) => Promise<string>

export interface ConfigurationFiles {
  /** Of `--config-path`. */
  readonly given?: string | undefined
  /** The variable RUN_MODE, which names a file. Default `development`. */
  readonly runMode?: string | undefined
}

/**
 * The settings in `config/config.yaml`, `config/<run mode>.yaml` and `config/local.yaml`, as far as they are there, and
 * then in the given file, which must be. Later ones win.
 * @throws StartupError naming the file
 */
export async function readConfigurationFiles(
  { given, runMode }: ConfigurationFiles,
  readText: ReadText,
): Promise<readonly SettingsTree[]> {
  const mode = runMode === undefined || runMode === '' ? 'development' : runMode
  const trees: (SettingsTree | undefined)[] = []
  for (const name of ['config', mode, 'local']) {
    trees.push(await readConfigurationFile(`config/${name}.yaml`, readText, true))
  }
  if (given !== undefined) trees.push(await readConfigurationFile(given, readText, false))
  return trees.filter((tree) => tree !== undefined)
}

async function readConfigurationFile(
  path: string,
  readText: ReadText,
  mayBeAbsent: boolean,
): Promise<SettingsTree | undefined> {
  let text: string
  try {
    text = await readText(path)
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (absent && mayBeAbsent) return undefined
    const state = absent
      ? 'No such file or directory'
      : error instanceof Error
        ? error.message
        : String(error)
    throw refused(path, state, error)
  }
  return parseConfiguration(path, text)
}

async function parseConfiguration(path: string, text: string): Promise<SettingsTree> {
  const parsed = await parseYaml(path, text)
  if (parsed === null || parsed === undefined) return {}
  if (!isTree(parsed)) throw refused(path, 'it holds no sections')
  return parsed
}

async function parseYaml(path: string, text: string): Promise<unknown> {
  // Most starts have no file to read.
  const { parse, YAMLParseError } = await import('yaml')
  try {
    // Without the line itself, which may hold a key.
    return parse(text, { prettyErrors: false })
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    const line = text.slice(0, error.pos[0]).split('\n').length
    throw refused(path, `${error.code} in line ${line}`, error)
  }
}

function refused(path: string, state: string, cause?: unknown): StartupError {
  return new StartupError(exitCodes.usage, `Cannot read the configuration file ${path}: ${state}`, cause)
}
