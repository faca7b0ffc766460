import { statfs } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import packageJson from '../../package.json' with { type: 'json' }

export interface MeasuredOn {
  readonly stillpoint: string
  readonly node: string
  readonly platform: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly loadAverage: number
  readonly durability: string
  /** Data in memory says nothing about durable writes. */
  readonly isMemoryDisk: boolean
}

const busyShare = 0.5
const tmpfsMagic = 0x01021994

export async function describeEnvironment(home: string): Promise<MeasuredOn> {
  const isMemoryDisk = (await statfs(home)).type === tmpfsMagic
  return {
    stillpoint: packageJson.version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg()[0] ?? 0,
    durability: 'every write is on disk (fdatasync) before it is acknowledged; archives virtual',
    isMemoryDisk,
  }
}

export function inWords(on: MeasuredOn): string {
  const lines = [
    `Stillpoint ${on.stillpoint}, Node ${on.node}, ${on.platform}, ${on.cores} x ${on.processor}, ${on.memoryGiB} GiB`,
    `load average before: ${on.loadAverage.toFixed(2)}; ${on.durability}`,
  ]
  if (on.isMemoryDisk) lines.push('WARNING: the data lies in memory (tmpfs); choose a disk with --dir')
  lines.push(...noiseWarning(on.loadAverage, on.cores))
  return lines.join('\n')
}

/** Others' work hits the tails first; a figure taken beside it is worth little. */
function noiseWarning(loadAverage: number, cores: number): readonly string[] {
  if (loadAverage <= cores * busyShare) return []
  return [
    'WARNING: the machine is busy with something else: p99 figures say more about that than about Stillpoint',
  ]
}
