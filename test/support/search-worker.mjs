// The search worker from its TypeScript sources: a thread does not inherit what the test runner does to load them.
import { register } from 'tsx/esm/api'

register()
await import('../../src/graph/search/threads/search-worker.ts')
