// The load worker from its TypeScript sources: a thread does not inherit what the test runner does to load them.
import { register } from 'tsx/esm/api'

register()
await import('../../src/segment/load/load-worker.ts')
