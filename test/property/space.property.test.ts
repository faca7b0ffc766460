import { expect, test } from 'vitest'
import { open, parseJson, type Database } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { decodeAvroFile } from '../../src/snapshot/metadata/avro-file.ts'
import { manifestEntrySchema } from '../../src/snapshot/metadata/format.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { History } from '../support/history.ts'
import { ModelDatabase } from '../support/model.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'

// What is measured is what the answer is about: objects below segments/ and snapshots/. The catalog and the manifests of
// collections, which are rewritten by every flush, are left out.
const counted = /\/((?:segments|snapshots)\/.+)$/

/** Length of every counted object, by key. */
async function objectsOf(disk: SimulatedDisk): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const path of disk.paths()) {
    const key = counted.exec(path)?.[1]
    if (key !== undefined && /\.[a-z]+$/.test(key)) sizes.set(key, (await disk.readFile(path)).byteLength)
  }
  return sizes
}

const sum = (sizes: Iterable<number>): number => [...sizes].reduce((total, bytes) => total + bytes, 0)

async function settle(db: Database): Promise<void> {
  await db.flush()
  await db.collectGarbage()
}

/** Deletes the snapshots, and gives by how much the store has shrunk. */
async function shrinkage(db: Database, disk: SimulatedDisk, ids: readonly string[]): Promise<number> {
  const before = sum((await objectsOf(disk)).values())
  for (const id of ids) {
    const snapshot = db.findSnapshot(id)!
    for (const hold of snapshot.info().holds) await snapshot.releaseHold(hold.id)
    await snapshot.delete()
  }
  await settle(db)
  return before - sum((await objectsOf(disk)).values())
}

function someOf<T>(items: readonly T[], random: Random): T[] {
  const share = random.next()
  return items.filter(() => random.next() < share)
}

/** By holder (a snapshot, a stretch of the past, `live`): what it refers to, read off the files alone. */
async function referencesIn(disk: SimulatedDisk): Promise<Map<string, Set<string>>> {
  const holders = new Map<string, Set<string>>([['live', new Set()]])
  const files = new Map<string, Buffer>()
  for (const path of disk.paths()) {
    const key = path.replace(/^.*?\/(?=(segments|snapshots|collections|catalog)\/)/, '')
    if (/\.(json|avro)$/.test(key)) files.set(key, Buffer.from(await disk.readFile(path)))
  }
  for (const [key, bytes] of files) {
    if (/^snapshots\/.*\.json$/.test(key)) await addSnapshot(holders, files, key, bytes)
    if (key.startsWith('collections/')) {
      const { content } = parseJson(bytes) as unknown as { content: Manifest }
      for (const { id, files: own } of content.segments)
        for (const { name } of own) holders.get('live')!.add(`segments/${id}/${name}`)
      for (const { segment, inherited, deltas } of content.shards.flat())
        for (const { name } of [...inherited, ...deltas])
          holders.get('live')!.add(`segments/${segment}/${name}`)
    }
  }
  return holders
}

interface Manifest {
  readonly segments: readonly { readonly id: string; readonly files: readonly { readonly name: string }[] }[]
  readonly shards: readonly (readonly {
    readonly segment: string
    readonly inherited: readonly { readonly name: string }[]
    readonly deltas: readonly { readonly name: string }[]
  }[])[]
}

async function addSnapshot(
  holders: Map<string, Set<string>>,
  files: ReadonlyMap<string, Buffer>,
  key: string,
  bytes: Buffer,
): Promise<void> {
  const document = parseJson(bytes) as unknown as {
    snapshot_info: { id: string }
    manifest_list: readonly string[]
  }
  const { id } = document.snapshot_info
  const keys = holders.get(id) ?? new Set()
  holders.set(id, keys.add(key))
  for (const manifest of document.manifest_list) {
    keys.add(manifest)
    for (const record of decodeAvroFile(files.get(manifest)!, manifestEntrySchema)) {
      const lists = Object.entries(record as Record<string, { log_path: string }[]>)
      for (const [name, list] of lists)
        if (name.endsWith('_files')) for (const one of list) keys.add(one.log_path)
    }
  }
}

/** The report against what the files say. */
async function checkReport(db: Database, disk: SimulatedDisk): Promise<void> {
  const sizes = await objectsOf(disk)
  const holders = await referencesIn(disk)
  const bytesOf = (keys: Iterable<string>): number => sum([...keys].map((key) => sizes.get(key)!))
  const report = await db.space()
  for (const { id, bytes, exclusiveBytes } of report.snapshots) {
    // A cut through an empty store has no files.
    const own = holders.get(id) ?? new Set()
    const others = [...holders].filter(([holder]) => holder !== id).map(([, keys]) => keys)
    expect(bytes).toBe(bytesOf(own))
    expect(exclusiveBytes).toBe(bytesOf([...own].filter((key) => !others.some((keys) => keys.has(key)))))
  }
  const ids = db.listAllSnapshots().map(({ id }) => id)
  expect(report.snapshots.map(({ id }) => id)).toEqual(ids)
  expect(report.liveBytes).toBe(bytesOf(holders.get('live')!))
  expect(report.snapshotBytes).toBe(bytesOf(new Set(ids.flatMap((id) => [...(holders.get(id) ?? [])]))))
  expect(report.totalBytes).toBe(sum(sizes.values()))
}

for (const seed of [900, 901, 902, 903, 904, 905]) {
  test(`deleting frees what was said, to the byte, seed ${seed}`, async () => {
    const random = seededRandom(seed)
    const disk = new SimulatedDisk()
    const db = await openQuietly(open, disk, seed)
    const history = new History(db, new ModelDatabase(), random)
    let deletions = 0
    for (let phase = 0; phase < 4; phase++) {
      for (let step = 0; step < 45; step++) await history.step()
      await settle(db)
      deletions += await tryDeletions(disk, random, seed)
      // In the database that has lived through it all, too: its memory knows more than its files.
      const gone = someOf(db.listAllSnapshots(), random)
      const { bytes } = await db.spaceFreedBy(gone.map(({ id }) => id))
      expect(
        await shrinkage(
          db,
          disk,
          gone.map(({ id }) => id),
        ),
      ).toBe(bytes)
      expect(await db.spaceFreedBy([])).toEqual({ bytes: 0 })
      for (const { name } of gone) history.model.snapshots.delete(name)
    }
    expect(deletions).toBeGreaterThan(0)
    await db.close()
  })
}

async function reopened(disk: SimulatedDisk, seed: number): Promise<{ disk: SimulatedDisk; db: Database }> {
  const copy = disk.stateAt(disk.journal.length, 'all')
  const db = await openQuietly(open, copy, seed + 1)
  await settle(db)
  return { disk: copy, db }
}

/** On copies of the store: each of some snapshots alone, and some sets. */
async function tryDeletions(disk: SimulatedDisk, random: Random, seed: number): Promise<number> {
  const probe = await reopened(disk, seed)
  await checkReport(probe.db, probe.disk)
  const ids = probe.db.listAllSnapshots().map(({ id }) => id)
  const spaces = new Map((await probe.db.space()).snapshots.map((one) => [one.id, one]))
  await probe.db.close()
  const sets = [
    ...someOf(ids, random)
      .slice(0, 4)
      .map((id) => [id]),
    someOf(ids, random),
    ids,
  ]
  for (const set of sets) {
    const copy = await reopened(disk, seed)
    const { bytes } = await copy.db.spaceFreedBy(set)
    if (set.length === 1) {
      const space = await copy.db.findSnapshot(set[0]!)!.space()
      expect(space).toEqual({
        bytes: spaces.get(set[0]!)!.bytes,
        exclusiveBytes: spaces.get(set[0]!)!.exclusiveBytes,
        freedByDelete: bytes,
      })
    }
    expect(await shrinkage(copy.db, copy.disk, set)).toBe(bytes)
    await checkReport(copy.db, copy.disk)
    await copy.db.close()
  }
  return sets.length
}
