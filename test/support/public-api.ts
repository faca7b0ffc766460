import { join } from 'node:path'
import ts from 'typescript'
import { repositoryRoot } from './source-files.ts'

const flags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope

/** What `src/index.ts` exports, one declaration or member a line, in the order of names. */
export function publicApi(): string {
  const entry = join(repositoryRoot, 'src', 'index.ts')
  const { config } = ts.readConfigFile(join(repositoryRoot, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: [entry] },
    ts.sys,
    repositoryRoot,
  )
  const program = ts.createProgram([entry], options)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error('src/index.ts exports nothing')
  const exported = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1))
  return `${exported.map((symbol) => describeExport(checker, symbol)).join('\n\n')}\n`
}

function describeExport(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const print = (type: ts.Type) => checker.typeToString(type, undefined, flags)
  if (target.flags & ts.SymbolFlags.Class) return describeClass(checker, symbol.name, target)
  if (target.flags & ts.SymbolFlags.Interface) {
    return [`interface ${symbol.name}`, ...members(checker, checker.getDeclaredTypeOfSymbol(target))].join(
      '\n',
    )
  }
  if (target.flags & ts.SymbolFlags.TypeAlias) {
    return `type ${symbol.name} = ${print(checker.getDeclaredTypeOfSymbol(target))}`
  }
  const kind = target.flags & ts.SymbolFlags.Function ? 'function' : 'const'
  return `${kind} ${symbol.name}: ${print(checker.getTypeOfSymbol(target))}`
}

function describeClass(checker: ts.TypeChecker, name: string, symbol: ts.Symbol): string {
  const constructors = checker.getTypeOfSymbol(symbol).getConstructSignatures()
  return [
    `class ${name}`,
    ...constructors.map((signature) => `  new ${checker.signatureToString(signature, undefined, flags)}`),
    ...members(checker, checker.getDeclaredTypeOfSymbol(symbol)),
  ].join('\n')
}

function members(checker: ts.TypeChecker, type: ts.Type): readonly string[] {
  return checker
    .getPropertiesOfType(type)
    .filter((member) => !member.name.includes('#') && !isOfTheLanguage(member))
    .map((member) => {
      const optional = member.flags & ts.SymbolFlags.Optional ? '?' : ''
      const name = member.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')
      return `  ${name}${optional}: ${checker.typeToString(checker.getTypeOfSymbol(member), undefined, flags)}`
    })
    .sort()
}

/** `message` and `stack` of an error, say. */
function isOfTheLanguage(member: ts.Symbol): boolean {
  return member.declarations?.every((one) => one.getSourceFile().fileName.includes('node_modules')) ?? false
}
