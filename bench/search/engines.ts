import { DriverProcess } from './driver/driver-process.ts'
import type { EngineKind, EngineSettings } from './adapters/adapter.ts'

export interface EngineChoice {
  readonly name: string
  readonly kind: EngineKind
  /** One and two threads are compared, also by batches of queries. */
  readonly scales: boolean
}

const ours: readonly EngineChoice[] = [
  { name: 'stillpoint embedded', kind: 'stillpoint-embedded', scales: true },
  { name: 'stillpoint server', kind: 'stillpoint-server', scales: false },
]
const fromNpm: readonly EngineChoice[] = [
  { name: 'usearch', kind: 'usearch', scales: false },
  { name: 'LanceDB HNSW_SQ', kind: 'lancedb-hnsw', scales: false },
  { name: 'LanceDB IVF_FLAT', kind: 'lancedb-ivf', scales: false },
]
const binary: readonly EngineChoice[] = [{ name: 'Qdrant', kind: 'qdrant', scales: false }]

export interface PeerPlaces {
  readonly peers?: string | undefined
  readonly qdrant?: string | undefined
}

/** Who takes part: ours always, the peers that are there. */
export function enginesOf({ peers, qdrant }: PeerPlaces): readonly EngineChoice[] {
  return [...ours, ...(peers === undefined ? [] : fromNpm), ...(qdrant === undefined ? [] : binary)]
}

export function settingsOf(
  { kind }: EngineChoice,
  home: string,
  { peers, qdrant }: PeerPlaces,
): EngineSettings {
  return {
    kind,
    home,
    ...(peers !== undefined && { peers }),
    ...(qdrant !== undefined && { program: qdrant }),
    threads: 1,
  }
}

/** The processes of a run; whatever happens, `end` leaves none behind. */
export class Drivers {
  readonly #running = new Set<DriverProcess>()

  start(onProgress: (rows: number) => void): DriverProcess {
    const driver = new DriverProcess(onProgress)
    this.#running.add(driver)
    return driver
  }

  async end(driver: DriverProcess): Promise<void> {
    await driver.end()
    this.#running.delete(driver)
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running].map((driver) => this.end(driver)))
  }

  /** For the last moment of this process. */
  killNow(): void {
    for (const driver of this.#running) driver.killNow()
  }
}
