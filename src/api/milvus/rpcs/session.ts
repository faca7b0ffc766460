import { checkDatabase, databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import type { Handlers } from './handler.ts'
import { getMetrics } from './metrics.ts'

export const session: Handlers = {
  Connect: connect,
  GetVersion: (door: MilvusDoor) => ({ version: door.version }),
  CheckHealth: () => ({ isHealthy: true, reasons: [] }),
  AllocTimestamp: (door: MilvusDoor) => ({ timestamp: door.timestamps.next() }),
  GetMetrics: getMetrics,
  GetComponentStates: () => ({ state: { nodeID: 1n, role: 'standalone', state_code: 1 } }),
}

/** @throws 800 for a database that is not there */
function connect(door: MilvusDoor, _request: never, call: Call): object {
  checkDatabase(door, databaseOf(call, undefined))
  return {
    server_info: {
      build_tags: door.version,
      build_time: '',
      git_commit: '',
      go_version: '',
      deploy_mode: 'STANDALONE',
      reserved: {},
    },
    // It must not be 0: the Node client takes that for an old server.
    identifier: numericId('client', call.user ?? '', String(door.timestamps.next())),
  }
}
