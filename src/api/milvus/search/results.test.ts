import { expect, test } from 'vitest'
import { makeLoaded, milvusForEachTest, primaryKey, field } from '../../../../test/support/milvus-door.ts'
import { modelOf } from '../schema/collection-model.ts'
import { askedFields } from './results.ts'

const milvus = milvusForEachTest()

test('the Node client asks for keys, whatever it names; others for what they name', async () => {
  await makeLoaded(milvus, [primaryKey(), field('v', 'FloatVector', { dim: 2 })])
  const model = modelOf(milvus.database.getCollection('c'))
  const asked = (agent: string | undefined, requested: readonly string[]): readonly string[] => {
    const metadata = agent === undefined ? {} : { 'user-agent': agent }
    return askedFields(model, requested, { user: undefined, database: '', metadata })
  }
  expect(asked('grpc-node-js/1.14.3', [])).toEqual(['id'])
  expect(asked('mine/1.0 grpc-node-js/1.14.3', ['v'])).toEqual(['v', 'id'])
  expect(asked('grpc-python-asyncio/1.76.0', ['v'])).toEqual(['v'])
  expect(asked(undefined, [])).toEqual([])
})
