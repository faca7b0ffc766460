import { checkPermitted } from './access/permit.ts'
import { accessRpcs } from './access/rpcs.ts'
import { visiblePart } from './access/visibility.ts'
import type { Call, MilvusDoor } from './door.ts'
import { collectionRpcs } from './collections/rpcs.ts'
import { aliasRpcs } from './aliases/rpcs.ts'
import { databaseRpcs } from './databases/rpcs.ts'
import { indexRpcs } from './indexes/rpcs.ts'
import { maintenanceRpcs } from './maintenance/rpcs.ts'
import { partitionRpcs } from './partitions/rpcs.ts'
import { loadingRpcs } from './loading/rpcs.ts'
import { resourceRpcs } from './resources/rpcs.ts'
import type { Handler, Handlers } from './rpcs/handler.ts'
import { session } from './rpcs/session.ts'
import { searchRpcs } from './search/rpcs.ts'
import { rowRpcs } from './rows/rpcs.ts'
import { snapshotRpcs } from './snapshots/rpcs.ts'
import { textRpcs } from './text/run-analyzer.ts'
import { codes, MilvusError } from './status.ts'
import { type Message } from './wire/messages.ts'

const families: readonly Handlers[] = [
  session,
  accessRpcs,
  collectionRpcs,
  aliasRpcs,
  databaseRpcs,
  partitionRpcs,
  indexRpcs,
  loadingRpcs,
  resourceRpcs,
  textRpcs,
  maintenanceRpcs,
  rowRpcs,
  searchRpcs,
  snapshotRpcs,
]
const handlers: ReadonlyMap<string, Handler<never>> = new Map(families.flatMap((one) => Object.entries(one)))

/** The fields of the answer to a message that has all its members. @throws what the call is refused with */
export async function dispatch(
  door: MilvusDoor,
  name: string,
  message: Message,
  call: Call,
): Promise<object> {
  checkPermitted(door, name, message, call)
  const handler = handlers.get(name)
  if (handler === undefined) throw unimplemented(name)
  // What cannot be loaded, the handler itself tells.
  if (!door.database.isLoaded) await door.database.whenLoaded().catch(() => undefined)
  return visiblePart(door, name, message, call, await handler(door, message as never, call))
}

const unimplemented = (name: string): MilvusError =>
  new MilvusError(codes.unimplemented, `${name} is not supported by this server: service unimplemented`)
