import { defineConfig } from 'vitest/config'
import ours from '../../../vitest.config.ts'
import { repositoryRoot } from '../../support/source-files.ts'

// The project whose tests start servers, with files that leave theirs to it, one after the other in one process.
const server = ours.test!.projects!.find(
  (project) => typeof project === 'object' && 'test' in project && project.test?.name === 'server',
) as { readonly test: object }

export default defineConfig({
  root: repositoryRoot,
  test: {
    ...server.test,
    include: ['test/process/left-behind/*.leaves.ts'],
    maxWorkers: 1,
    // What is written comes as it is, at once.
    disableConsoleIntercept: true,
  },
})
