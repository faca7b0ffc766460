import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { version } from '../../src/server/version.ts'
import { publicApi } from '../support/public-api.ts'
import { repositoryRoot } from '../support/source-files.ts'

test('the public API is what was agreed on (npx vitest run test/architecture -u to agree anew)', async () => {
  await expect(publicApi()).toMatchFileSnapshot('public-api.txt')
}, 60_000)

test('the package exports one entry point and nothing wild', () => {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    version: string
    exports: object
  }
  expect(Object.keys(manifest.exports)).toEqual(['.'])
  expect(manifest.version).toBe(version)
})
