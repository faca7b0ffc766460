import { expect, test } from 'vitest'
import { decodeText } from '../body.ts'
import { clusterOperation, newShardKey } from './cluster-operation.ts'

const refused = 'data did not match any variant of untagged enum ClusterOperations'

test.each([
  { move_shard: { shard_id: 0, from_peer_id: 1, to_peer_id: 2 } },
  { drop_replica: { shard_id: 0, peer_id: 1 } },
  { create_sharding_key: { shard_key: 5 } },
  { replicate_points: { filter: {}, from_shard_key: 'a', to_shard_key: 'b' } },
  { start_resharding: { direction: 'up' } },
  { abort_resharding: {} },
])('%j is an operation', (operation) => {
  expect(() => decodeText(JSON.stringify(operation), clusterOperation)).not.toThrow()
})

test.each([{}, [], { unknown: {} }, { move_shard: {} }, { drop_replica: { shard_id: -1, peer_id: 1 } }])(
  '%j is none, and nobody says where it fails',
  (operation) => {
    expect(() => decodeText(JSON.stringify(operation), clusterOperation)).toThrow(new RegExp(`${refused}$`))
  },
)

test('a new shard key says what is wrong with it', () => {
  expect(() => decodeText('{}', newShardKey)).toThrow('missing field `shard_key` at line 1 column 2')
  expect(() => decodeText('{"shard_key":5,"shards_number":0}', newShardKey)).toThrow(
    'invalid value: integer `0`, expected a nonzero u32 at line 1 column 32',
  )
})
