import { Draw, type Operation, type Surroundings } from './draw.ts'
import { importArchive, importStore, publishArchive, importFile } from './archives.ts'
import { createCollection, dropCollection, changeIndex, changeAlias, changeRetention } from './collections.ts'
import { upsertPoints, deletePoints, changePayload, changeVectors } from './points.ts'
import { readCollection, readSnapshot, readMoment } from './reads.ts'
import { cloneSnapshot, cloneLive, rollBack, rollBackToMoment, restoreSeveral } from './restores.ts'
import { takeSnapshot, deleteSnapshot, noteSnapshot, verifySnapshot } from './snapshots.ts'
import { maintain, sleep, jumpClock } from './upkeep.ts'

/** What one of the users does next. */
export function drawOperation(around: Surroundings, clockJumps: boolean): Operation {
  const draw = new Draw(around)
  const kinds: readonly (readonly [number, (draw: Draw) => Operation | undefined])[] = [
    [5, createCollection],
    [1, dropCollection],
    [22, upsertPoints],
    [6, deletePoints],
    [8, changePayload],
    [4, changeVectors],
    [2, changeIndex],
    [3, changeAlias],
    [6, takeSnapshot],
    // The more there are, the more are deleted: everything is compared again and again.
    [1 + draw.db.listAllSnapshots().length, deleteSnapshot],
    [3, noteSnapshot],
    [4, cloneSnapshot],
    [2, cloneLive],
    [3, rollBack],
    [2, restoreSeveral],
    [2, changeRetention],
    [4, readMoment],
    [2, rollBackToMoment],
    [2, importArchive],
    [2, importStore],
    [2, publishArchive],
    [2, importFile],
    [14, readCollection],
    [4, readSnapshot],
    [2, verifySnapshot],
    [6, maintain],
    [3, sleep],
    [clockJumps ? 4 : 0, jumpClock],
  ]
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0)
  for (;;) {
    let at = draw.around.random.next() * total
    const operation = kinds.find(([weight]) => (at -= weight) < 0)![1](draw)
    if (operation !== undefined) return operation
  }
}
