import type { JsonObject } from '../../index.ts'
import { isObject, memberOf, numberOf } from './decode.ts'
import type { Door } from './door.ts'
import { peerIdOf } from './peer-id.ts'

const p2pPortDefault = 6335

/** Whether `cluster.enabled` is set: then this node is a cluster of one. */
export function isCluster({ settings }: Pick<Door, 'settings'>): boolean {
  return memberOf(sectionOf(settings), 'enabled') === true
}

/** What GET /cluster tells. */
export function clusterStatus(door: Door): JsonObject {
  if (!isCluster(door)) return { status: 'disabled' }
  const peer = peerIdOf(door.database.id)
  const port = numberOf(memberOf(section(sectionOf(door.settings), 'p2p'), 'port')) ?? p2pPortDefault
  return {
    status: 'enabled',
    peer_id: peer,
    peers: { [String(peer)]: { uri: `http://127.0.0.1:${port}/` } },
    raft_info: {
      term: 1,
      // What is agreed on with nobody is the log.
      commit: door.database.stats().appliedSeq,
      pending_operations: 0,
      leader: peer,
      role: 'Leader',
      is_voter: true,
    },
    consensus_thread_status: {
      consensus_thread_status: 'working',
      last_update: new Date(door.clock.now()).toISOString(),
    },
    message_send_failures: {},
  }
}

function sectionOf(settings: unknown): JsonObject {
  return isObject(settings as JsonObject) ? section(settings as JsonObject, 'cluster') : {}
}

function section(holder: JsonObject, name: string): JsonObject {
  const value = memberOf(holder, name)
  return isObject(value) ? value : {}
}
