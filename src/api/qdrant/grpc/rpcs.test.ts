import { expect, test } from 'vitest'
import { openGrpcDoor } from '../../../../test/support/grpc-door.ts'
import { services } from './rpcs.ts'
import { messageType } from './wire/messages.ts'

const rpcs = Object.entries(services).flatMap(([service, own]) =>
  Object.entries(own).map(([name, rpc]) => ({ name: `${service}/${name}`, ...rpc })),
)

test('every procedure has its messages', () => {
  for (const { request, response } of rpcs) {
    expect(messageType(request).name).toBe(request)
    // A deletion of a snapshot answers nothing but its time.
    expect(Object.keys(messageType(response).fields)).toContain('time')
  }
  expect(rpcs).toHaveLength(50)
})

test('every procedure has its route: an empty message is refused in words of the API', async () => {
  const door = await openGrpcDoor()
  const lists = [
    'Collections/List',
    'Collections/ListAliases',
    'Collections/UpdateAliases',
    'Snapshots/ListFull',
    'Snapshots/CreateFull',
  ]
  for (const { name } of rpcs) {
    const rpc = name.replace('qdrant.', '')
    if (lists.includes(rpc)) continue
    const [code, text] = await door.client.refusal(rpc)
    expect([rpc, code, text]).not.toEqual([rpc, 13, text])
    expect(text).not.toMatch(/unreachable/)
  }
  await door.close()
})
