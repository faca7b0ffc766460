import type { FullConfig } from '../collection/view.ts'
import type { Engine } from './engine.ts'
import { findMoment } from './history.ts'
import { keptConfig } from './recovery.ts'
import type { Reference } from './reference.ts'

/**
 * How the collection that a reference stands for is configured, found without reading a segment.
 * @throws as opening the reference, but for what is wrong with the segments
 */
export async function configOfReference(engine: Engine, reference: Reference): Promise<FullConfig> {
  const { parts } = engine
  const { collection } = reference
  switch (reference.kind) {
    case 'live':
      return engine.state(collection).config
    case 'snapshot':
      return keptConfig(parts, reference.snapshot, collection)
    case 'moment': {
      const { name, seq } = reference
      const moment = findMoment(parts.catalog, collection, name, seq, engine.appliedSeq)
      return 'live' in moment ? moment.live.config : keptConfig(parts, moment.kept, collection)
    }
  }
}
