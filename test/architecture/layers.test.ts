import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot, sourceFiles } from '../support/source-files.ts'

/**
 * Top to bottom: a file imports from its own folder and from lower rows only. Folders of one row do not import each
 * other. `index.ts` stands for src/index.ts.
 */
const rows: readonly (readonly string[])[] = [
  ['cli'],
  ['server'],
  ['api/qdrant', 'api/milvus', 'api/v1'],
  ['api/http', 'api/grpc', 'api/json'],
  ['index.ts'],
  ['database'],
  ['snapshot'],
  ['collection'],
  ['query'],
  ['segment', 'manifest', 'log'],
  ['graph'],
  ['storage'],
  ['encoding'],
  ['ids'],
  ['errors'],
  ['runtime'],
]

/** These use exactly what an embedding user can use. */
const outside = ['cli', 'server', 'api/qdrant', 'api/v1', 'api/milvus', 'api/http', 'api/grpc', 'api/json']
const allowedOutside = [...outside, 'index.ts', 'runtime']

/** The engine is loaded by those commands only that need it: src/cli/engine.ts. */
const allowedForCommands = ['encoding', 'errors']

const rowOf = (folder: string) => rows.findIndex((row) => row.includes(folder))

/** The folder of the list above that holds `path` (`src/…`), undefined if none does. */
function folderOf(path: string): string | undefined {
  const below = path.slice('src/'.length)
  return rows.flat().find((folder) => below === folder || below.startsWith(`${folder}/`))
}

/** Why a file of one folder may not import from the other; undefined if it may. */
function objection(from: string, to: string): string | undefined {
  if (from === to) return undefined
  if (from === 'cli' && allowedForCommands.includes(to)) return undefined
  if (outside.includes(from) && !allowedOutside.includes(to))
    return `${from} sees the engine through src/index.ts`
  return rowOf(to) > rowOf(from) ? undefined : `${from} is not above ${to}`
}

/** True for a file that does nothing but export what other files hold. */
function onlyExportsOthers(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '')
  const rest = code.replace(/export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+'[^']+';?/g, '')
  return rest.trim() === ''
}

describe('layers', () => {
  const files = sourceFiles('src')

  test('every folder has its place', () => {
    expect(files.filter(({ path }) => folderOf(path) === undefined).map(({ path }) => path)).toEqual([])
  })

  test('imports point down', () => {
    const wrong = files
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .flatMap(({ path, targets }) =>
        targets.map((target) => ({ path, target, from: folderOf(path), to: folderOf(target) })),
      )
      .map(({ path, target, from, to }) => {
        if (from === undefined || to === undefined) return `${path} imports ${target}: it has no place`
        const reason = objection(from, to)
        return reason === undefined ? undefined : `${path} imports ${target}: ${reason}`
      })
      .filter((line) => line !== undefined)
    expect(wrong).toEqual([])
  })

  test('the product imports no test code', () => {
    const product = files.filter(({ path }) => !path.endsWith('.test.ts'))
    const wrong = product.filter(({ targets }) =>
      targets.some((to) => !to.startsWith('src/') || to.endsWith('.test.ts')),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('the rules refuse what they should', () => {
    expect(objection('collection', 'database')).toBeDefined()
    expect(objection('segment', 'log')).toBeDefined()
    expect(objection('server', 'errors')).toBeDefined()
    expect(objection('api/qdrant', 'server')).toBeDefined()
    expect(objection('server', 'api/qdrant')).toBeUndefined()
    expect(objection('database', 'log')).toBeUndefined()
    expect(folderOf('src/vectors/x.ts')).toBeUndefined()
    expect(folderOf('src/login/x.ts')).toBeUndefined()
    expect(
      onlyExportsOthers("// all of it\nexport { a, type B } from './a.ts'\nexport * from './b.ts'\n"),
    ).toBe(true)
    expect(onlyExportsOthers("export { a } from './a.ts'\nexport const b = 1\n")).toBe(false)
  })
})

describe('folders and files', () => {
  const files = sourceFiles('src')

  test('no folder is a drawer', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|services?|managers?|misc|shared|lib)(\/|\.ts$)/
    expect(files.filter(({ path }) => drawers.test(path)).map(({ path }) => path)).toEqual([])
  })

  test('src/index.ts is the only barrel', () => {
    const indexes = files.filter(({ path }) => path.endsWith('/index.ts')).map(({ path }) => path)
    expect(indexes.filter((path) => path !== 'src/index.ts')).toEqual([])
    const barrels = files.filter(({ path, text }) => path !== 'src/index.ts' && onlyExportsOthers(text))
    expect(barrels.map(({ path }) => path)).toEqual([])
  })

  test('file names are kebab-case', () => {
    const names = files.map(({ path }) => path.split('/').at(-1) ?? '')
    expect(
      names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|generated|suite|d))*\.ts$/.test(name)),
    ).toEqual([])
  })

  test('a folder that grows past a few dozen files is split', () => {
    const counts = rows.flat().flatMap((folder) => {
      if (folder.endsWith('.ts')) return []
      const entries = readdirSync(join(repositoryRoot, 'src', folder)).filter(
        (name) => !name.endsWith('.test.ts'),
      )
      return entries.length > 40 ? [`${folder}: ${entries.length}`] : []
    })
    expect(counts).toEqual([])
  })
})
