import { group } from './command.ts'
import { exportQdrantCommand } from './export/qdrant.ts'

export const exportCommand = group('export', 'Write a collection for another database.', [
  exportQdrantCommand,
])
