import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites that start the built server; everything else runs on the sources. */
const served = ['test/process/**/*.test.ts', 'test/conformance/**/*.test.ts']
/** Clients in other languages, which have to be built first: `npm run test:peers`. */
const peers = ['test/peers/**/*.test.ts']

/** What a file of tests has started and left ends with that file, whichever worker it shares with others. */
const setupFiles = 'test/support/end-what-is-left.ts'

/** Short files that take long: begun last, they would be waited for alone. */
const long = /\/(?:test\/(?:crash|simulation|property|fuzz)|src\/snapshot\/protocol)\//

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(long.test(b.moduleId)) - Number(long.test(a.moduleId)))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongOnesFirst },
    // Many tests wait for a disk or a process: two at once even where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'sources',
          isolate: false,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...served, ...peers],
          setupFiles,
          globalSetup: 'test/support/build-kernels.ts',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'server',
          isolate: false,
          include: served,
          setupFiles,
          globalSetup: 'test/support/build-server.ts',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'peers',
          isolate: false,
          include: peers,
          setupFiles,
          globalSetup: 'test/support/build-server.ts',
        },
      },
    ],
  },
})
