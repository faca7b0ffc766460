import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/errors/codes.ts'
import { repositoryRoot } from '../support/source-files.ts'

test('docs/errors.md is what the table of codes generates', () => {
  const run = spawnSync(process.execPath, ['scripts/generate-error-docs.mjs', '--check'], {
    cwd: repositoryRoot,
  })
  expect({ status: run.status, errors: run.stderr.toString() }).toEqual({ status: 0, errors: '' })
})

test('docs/errors.md names every code', () => {
  const page = readFileSync(join(repositoryRoot, 'docs', 'errors.md'), 'utf8')
  expect(Object.keys(errorCodes).filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([])
})
