import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context } from './support/context.ts'
import { summarise } from './support/figures.ts'
import { HttpClient } from './support/http-client.ts'
import { servePlainFile } from './support/plain-file-server.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const collection = 'large'

/** An archive is made while it is sent: how much slower than a file that lies there? */
export const archiveDownload: Bench = {
  name: 'archive-download',
  title: 'Downloading an archive, against the same bytes as a plain file from Node',
  async run(context) {
    await context.load(collection)
    await waitUntilQuiet(context)
    const path = `/collections/${collection}/snapshots/${await context.createSnapshot(collection)}`
    const file = join(context.home, 'plain.snapshot')
    const first = performance.now()
    const { bytes, sha256 } = await saveTo(file, context.http, path)
    const firstMs = performance.now() - first
    const plain = await servePlainFile(file)
    const client = new HttpClient(plain.url, 1)
    try {
      const { ours, beside } = await alternate(context, { path, client, bytes })
      if ((await hashOf(context.http, path)) !== sha256)
        throw new Error('The archive changed between downloads')
      return figures({ ours, beside, bytes, firstMs })
    } finally {
      client.close()
      await plain.end()
      await rm(file)
    }
  },
}

function figures(measured: { ours: number[]; beside: number[]; bytes: number; firstMs: number }) {
  const bench = archiveDownload.name
  const ours = summarise('archive', 'ms', measured.ours)
  const beside = summarise('plain file', 'ms', measured.beside)
  const megabytes = (measured.bytes / 1e6).toFixed(0)
  return [
    {
      bench,
      name: `archive of ${megabytes} MB, speed against a file`,
      value: beside.p50 / ours.p50,
      unit: 'x' as const,
      ours,
      beside,
      goal: { atLeast: 0.7 },
    },
    {
      bench,
      name: 'its first download, which seals the snapshot',
      value: measured.firstMs / 1000,
      unit: 's' as const,
      ours: summarise('first download', 's', [measured.firstMs / 1000]),
    },
  ]
}

/** Both sides in turn, the first time to warm up. @returns the times in ms */
async function alternate(
  context: Context,
  { path, client, bytes }: { path: string; client: HttpClient; bytes: number },
): Promise<{ ours: number[]; beside: number[] }> {
  const ours: number[] = []
  const beside: number[] = []
  const progress = startProgress('downloading', context.sizes.downloadRounds + 1, 'pairs')
  try {
    for (let round = 0; round <= context.sizes.downloadRounds; round++) {
      context.signal.throwIfAborted()
      const archive = await timeOf(context.http, path, bytes)
      const plain = await timeOf(client, '/', bytes)
      if (round > 0) {
        ours.push(archive)
        beside.push(plain)
      }
      progress.update(round + 1)
    }
  } finally {
    progress.end()
  }
  return { ours, beside }
}

async function timeOf(client: HttpClient, path: string, expectedBytes: number): Promise<number> {
  const start = performance.now()
  const bytes = await client.download(path)
  const ms = performance.now() - start
  if (bytes !== expectedBytes) throw new Error(`GET ${path} gave ${bytes} bytes, not ${expectedBytes}`)
  return ms
}

async function saveTo(
  file: string,
  client: HttpClient,
  path: string,
): Promise<{ bytes: number; sha256: string }> {
  const target = createWriteStream(file)
  const hash = createHash('sha256')
  const bytes = await client.download(path, (chunk) => {
    hash.update(chunk)
    target.write(chunk)
  })
  target.end()
  await once(target, 'close')
  return { bytes, sha256: hash.digest('hex') }
}

async function hashOf(client: HttpClient, path: string): Promise<string> {
  const hash = createHash('sha256')
  await client.download(path, (chunk) => hash.update(chunk))
  return hash.digest('hex')
}
