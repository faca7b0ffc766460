import { group } from './command.ts'
import { qdrantCommand } from './import/qdrant.ts'
import { discardCommand, listCommand } from './import/unfinished.ts'

export const importCommand = group('import', 'Bring collections of another database here.', [
  qdrantCommand,
  listCommand,
  discardCommand,
])
