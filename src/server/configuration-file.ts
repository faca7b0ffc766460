import { parse, YAMLParseError } from 'yaml'
import { isTree, type SettingsTree } from './settings-tree.ts'
import { exitCodes, StartupError } from './startup-error.ts'

/** How this module reads a file, so that tests need none. */
export type ReadText = (path: string) => Promise<string>

export const defaultConfigurationPath = 'config/config.yaml'

/**
 * The settings in `config/config.yaml`, if that is there, and then in `path`, which must be.
 * @throws StartupError naming the file
 */
export async function readConfigurationFiles(
  path: string | undefined,
  readText: ReadText,
): Promise<readonly SettingsTree[]> {
  const own = await readConfigurationFile(defaultConfigurationPath, readText, true)
  const given = path === undefined ? undefined : await readConfigurationFile(path, readText, false)
  return [own, given].filter((tree) => tree !== undefined)
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
    const state = absent ? 'No such file or directory' : String(error)
    throw new StartupError(exitCodes.usage, `Cannot read the configuration file ${path}: ${state}`, error)
  }
  return parseConfiguration(path, text)
}

function parseConfiguration(path: string, text: string): SettingsTree {
  let parsed: unknown
  try {
    parsed = parse(text)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new StartupError(
      exitCodes.usage,
      `Cannot read the configuration file ${path}: ${error.message}`,
      error,
    )
  }
  if (parsed === null || parsed === undefined) return {}
  if (!isTree(parsed)) {
    throw new StartupError(
      exitCodes.usage,
      `Cannot read the configuration file ${path}: it holds no sections`,
    )
  }
  return parsed
}
