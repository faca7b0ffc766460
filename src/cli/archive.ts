import { group } from './command.ts'
import { keygenCommand } from './archive/keygen.ts'
import { catCommand, inspectCommand, listCommand, verifyCommand } from './archive/read.ts'

export const archiveCommand = group('archive', 'Look into archive files and check them, without a server.', [
  inspectCommand,
  listCommand,
  catCommand,
  verifyCommand,
  keygenCommand,
])
