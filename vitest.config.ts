import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Suites that start the built server; everything else runs on the sources. */
const served = ['test/process/**/*.test.ts', 'test/conformance/**/*.test.ts']
/** Clients in other languages, which have to be built first: `npm run test:peers`. */
const peers = ['test/peers/**/*.test.ts']

export default defineConfig({
  test: {
    // Many tests wait for a disk or a process: two at once even where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Nothing here changes what modules share: files of one worker load them once, which is half of the time.
    isolate: false,
    projects: [
      {
        test: {
          name: 'sources',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...served, ...peers],
          globalSetup: 'test/support/build-kernels.ts',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'server',
          include: served,
          globalSetup: 'test/support/build-server.ts',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'peers',
          include: peers,
          globalSetup: 'test/support/build-server.ts',
        },
      },
    ],
  },
})
