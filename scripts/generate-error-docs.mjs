// Writes docs/errors.md from the table in src/errors/codes.ts; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'

const table = new URL('../src/errors/codes.ts', import.meta.url)
const target = new URL('../docs/errors.md', import.meta.url)

const kinds = {
  invalid: 'fix the request',
  'not-found': 'create it or correct the name',
  conflict: 'reload and retry',
  unavailable: 'retry with back-off',
  corrupt: 'restore from a snapshot; never retry',
  closed: 'open a new handle',
  internal: 'report a bug',
}

async function readTable() {
  const { outputText } = ts.transpileModule(readFileSync(table, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  })
  const { errorCodes } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`)
  return errorCodes
}

function render(errorCodes) {
  const rows = Object.entries(errorCodes)
  const sections = Object.entries(kinds).map(([kind, action]) => {
    const ofKind = rows.filter(([, entry]) => entry.kind === kind)
    const body = ofKind.map(([code, { what, cure }]) => `| \`${code}\` | ${what} | ${cure} |`)
    return [
      `## ${kind}: ${action}`,
      '',
      '| code | what happened | what to do |',
      '|---|---|---|',
      ...body,
      '',
    ].join('\n')
  })
  const unknown = rows.filter(([, entry]) => !(entry.kind in kinds)).map(([code]) => code)
  if (unknown.length > 0) throw new Error(`kinds without a section: ${unknown.join(', ')}`)
  const head = [
    '# Errors',
    '',
    'Generated from `src/errors/codes.ts` by `npm run docs:errors`.',
    '',
    'Every error that the API throws on purpose is a `DatabaseError`: `kind` says what to do next, `code` names what',
    'happened, `details` holds the values. The message is for people and may change.',
    '',
  ]
  return `${head.join('\n')}\n${sections.join('\n')}`
}

const wanted = render(await readTable())
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== wanted) {
    console.error('docs/errors.md differs from src/errors/codes.ts: run npm run docs:errors')
    process.exit(1)
  }
} else {
  writeFileSync(target, wanted)
}
