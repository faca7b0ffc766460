import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench } from './support/context.ts'
import { openLoaded, timed } from './support/embedded.ts'
import { inDigits, summarise } from './support/figures.ts'

const folder = 'verify'

/** Hashing all that a snapshot reaches against a plain SHA-256 of the same files. */
export const verify: Bench = {
  name: 'verify',
  title: 'Verifying a snapshot against a plain SHA-256 of its files',
  async run(context) {
    const db = await openLoaded(context, folder, ['large'])
    try {
      const snapshot = await db.getCollection('large').createSnapshot()
      await snapshot.seal()
      await db.collectGarbage()
      const files = [
        ...(await filesBelow(join(context.home, folder, 'segments'))),
        ...(await filesBelow(join(context.home, folder, 'snapshots'))),
      ]
      const ours: number[] = []
      const plain: number[] = []
      const rounds = context.sizes.downloadRounds
      const progress = startProgress('verifying', rounds, 'rounds')
      for (let round = 0; round < rounds; round++) {
        context.signal.throwIfAborted()
        let hashed = 0
        const verified = async () => {
          const report = await snapshot.verify()
          if (!report.ok) throw new Error(`The snapshot does not verify: ${JSON.stringify(report.problems)}`)
          hashed = report.bytes
        }
        if (round % 2 === 0) ours.push(await timed(verified))
        let bytes = 0
        plain.push(
          await timed(async () => {
            bytes = await hashFiles(files)
          }),
        )
        if (round % 2 === 1) ours.push(await timed(verified))
        if (hashed !== bytes) throw new Error(`Verified ${hashed} bytes of ${bytes}`)
        progress.update(round + 1)
      }
      progress.end()
      const own = summarise('verify', 'ms', ours)
      const beside = summarise('plain SHA-256', 'ms', plain)
      return [
        {
          bench: verify.name,
          name: `verifying a snapshot of ${inDigits(context.sizes.largeRows)} rows: speed against plain SHA-256`,
          value: beside.p50 / own.p50,
          unit: 'x',
          ours: own,
          beside,
          goal: { atLeast: 0.8 },
        },
      ]
    } finally {
      await db.close()
    }
  },
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function hashFiles(files: readonly string[]): Promise<number> {
  let bytes = 0
  for (const file of files) {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      bytes += chunk.byteLength
    }
    hash.digest()
  }
  return bytes
}
