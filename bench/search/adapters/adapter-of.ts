import type { Adapter, EngineSettings } from './adapter.ts'
import { LanceDb } from './lancedb.ts'
import { RestServer } from './rest/rest-server.ts'
import { StillpointEmbedded } from './stillpoint-embedded.ts'
import { Usearch } from './usearch.ts'

export function adapterOf(settings: EngineSettings): Adapter {
  switch (settings.kind) {
    case 'stillpoint-embedded':
      return new StillpointEmbedded(settings)
    case 'stillpoint-server':
    case 'qdrant':
      return new RestServer(settings)
    case 'usearch':
      return new Usearch(settings)
    case 'lancedb-hnsw':
    case 'lancedb-ivf':
      return new LanceDb(settings)
  }
}
