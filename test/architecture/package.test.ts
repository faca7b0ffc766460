import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { repositoryRoot } from '../support/source-files.ts'

test('the package holds the program and its words, no sources and no tests', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  const words = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/stillpoint.js', 'package.json']
  expect(paths.filter((path) => !path.startsWith('dist/')).sort()).toEqual(words)
  expect(paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([])
}, 60_000)
