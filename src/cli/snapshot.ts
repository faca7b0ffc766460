import { group } from './command.ts'
import { drillCommand, verifyCommand } from './snapshot/check.ts'
import { createCommand } from './snapshot/create.ts'
import { diffCommand } from './snapshot/diff.ts'
import { exportCommand } from './snapshot/export.ts'
import { importCommand } from './snapshot/import.ts'
import { listCommand, showCommand } from './snapshot/list.ts'
import { deleteCommand, holdCommand, labelCommand, releaseCommand } from './snapshot/notes.ts'
import { restorePartialCommand } from './snapshot/partial.ts'
import { spaceCommand } from './snapshot/space.ts'
import { cloneCommand, restoreCommand, rollbackCommand, undoCommand } from './snapshot/restore.ts'

export const snapshotCommand = group('snapshot', 'Take, list, keep, restore and check snapshots.', [
  createCommand,
  listCommand,
  showCommand,
  labelCommand,
  holdCommand,
  releaseCommand,
  deleteCommand,
  restoreCommand,
  restorePartialCommand,
  cloneCommand,
  rollbackCommand,
  undoCommand,
  diffCommand,
  verifyCommand,
  drillCommand,
  spaceCommand,
  exportCommand,
  importCommand,
])
