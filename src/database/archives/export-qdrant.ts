import type { CollectionConfig } from '../../collection/types.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { QdrantSettings } from '../../snapshot/qdrant/write/archive-files.ts'
import {
  exportForQdrant,
  type QdrantExport,
  type QdrantExportOptions,
} from '../../snapshot/qdrant/write/export-archive.ts'
import type { Engine } from '../engine.ts'
import { resolveReference } from '../reference.ts'

export interface ExportForQdrantOptions extends QdrantExportOptions {
  /** What the archive says of a collection that is configured so: the engine knows no settings of Qdrant's. */
  readonly settings: (config: CollectionConfig) => QdrantSettings
}

const ofExport: Members<ExportForQdrantOptions> = {
  settings: true,
  partition: true,
  signal: true,
  limits: true,
}

/** See `Database.exportForQdrant`. */
export async function exportReference(
  engine: Engine,
  reference: string,
  exportOptions: ExportForQdrantOptions,
): Promise<QdrantExport> {
  checkMembers(exportOptions, ofExport, { cannot: 'Cannot export for Qdrant', of: 'the options' })
  const { settings, ...options } = exportOptions
  engine.checkOpen()
  const found = resolveReference(engine.parts.catalog, reference, engine.appliedSeq)
  const shard = found.kind === 'snapshot' ? found.snapshot.record.shard : undefined
  if (shard !== undefined) {
    const text = `Cannot write "${reference}" as an archive of Qdrant: it holds shard ${shard} only, not a collection`
    throw new DatabaseError('request-invalid', text, { reference, shard })
  }
  const view = await engine.openReference(found)
  try {
    return await exportForQdrant(reference, view, settings(view.config), options)
  } finally {
    // What is exported has a retention of its own by now.
    view.release()
  }
}
