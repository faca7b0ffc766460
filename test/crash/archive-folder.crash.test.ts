import { expect, test } from 'vitest'
import { seededRandom } from '../../src/runtime/random.ts'
import { ArchiveFolder } from '../../src/snapshot/archive-folder.ts'
import { chunked, collect, sha256Of } from '../support/archives.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: whatever a crash leaves of a folder of archives, no listed archive is half written and no sidecar states a
// wrong checksum; what was acknowledged is there; and one sweep removes everything else.
// Method: a fixed history of publications and deletions on a simulated disk, crashed before every mutation.

const root = '/data/snapshots'
const seed = Number(process.env['STILLPOINT_TEST_SEED'] ?? 20_261)

/** Content by name, as acknowledged. A name whose change is under way may show the content before or after it. */
type Expected = ReadonlyMap<string, readonly (string | undefined)[]>

async function recordHistory(): Promise<{
  readonly disk: SimulatedDisk
  readonly expectedAt: readonly Expected[]
}> {
  const expectedAt: Expected[] = []
  const settled = new Map<string, string>()
  let changing: { readonly name: string; readonly to: string | undefined } | undefined
  const expectation = (): Expected => {
    const names = new Set([...settled.keys(), ...(changing === undefined ? [] : [changing.name])])
    return new Map(
      [...names].map((name) => [
        name,
        name === changing?.name ? [settled.get(name), changing.to] : [settled.get(name)],
      ]),
    )
  }
  const disk = new SimulatedDisk({ onMutation: () => expectedAt.push(expectation()) })
  const folder = new ArchiveFolder(disk, root, seededRandom(seed))

  const change = async (
    name: string,
    to: string | undefined,
    work: () => Promise<unknown>,
  ): Promise<void> => {
    changing = { name, to }
    await work()
    changing = undefined
    if (to === undefined) settled.delete(name)
    else settled.set(name, to)
  }
  const publish = (name: string, content: string, sidecar = true): Promise<void> => {
    const directory = name.slice(0, name.lastIndexOf('/'))
    const source = chunked(Buffer.from(content.repeat(200)), 700)
    return change(name, content.repeat(200), () =>
      folder.publish(directory, name.slice(directory.length + 1), source, { sidecar }),
    )
  }
  const remove = (name: string): Promise<void> => {
    const directory = name.slice(0, name.lastIndexOf('/'))
    return change(name, undefined, () => folder.delete(directory, name.slice(directory.length + 1)))
  }

  await publish('plants/a.snapshot', 'first ')
  await publish('plants/b.snapshot', 'second ')
  await publish('plants/a.snapshot', 'first again ')
  await remove('plants/b.snapshot')
  await publish('plants/b.snapshot', 'second again ')
  await publish('stones/shards/0/c.snapshot', 'third ', false)
  await publish('stones/shards/0/c.snapshot', 'third again ')
  await publish('plants/a.snapshot', 'first without ', false)
  await remove('plants/a.snapshot')
  expectedAt.push(expectation())
  return { disk, expectedAt }
}

async function check(disk: SimulatedDisk, expected: Expected, scenario: string): Promise<void> {
  const folder = new ArchiveFolder(disk, root, seededRandom(seed))
  await expectHonest(folder, expected, scenario)
  await folder.sweep()
  await expectHonest(folder, expected, scenario)
  for (const path of disk.paths()) {
    const archive = path.replace(/\.checksum$/, '')
    expect(archive, scenario).toMatch(/^\/data\/snapshots\/[a-z0-9/]+\.snapshot$/)
    expect(disk.paths(), `${scenario}: ${path} has its archive`).toContain(archive)
  }
}

async function expectHonest(folder: ArchiveFolder, expected: Expected, scenario: string): Promise<void> {
  const found = new Map<string, string>()
  for (const directory of ['plants', 'stones/shards/0']) {
    for (const { name, sha256 } of await folder.list(directory)) {
      const content = await collect((await folder.find(directory, name))!.stream())
      expect([undefined, sha256Of(content)], `${scenario}: checksum of ${name}`).toContain(sha256)
      found.set(`${directory}/${name}`, content.toString())
    }
  }
  for (const [name, contents] of expected) {
    expect(contents, `${scenario}: content of ${name}`).toContain(found.get(name))
    found.delete(name)
  }
  expect([...found.keys()], `${scenario}: nothing that was not published or was deleted`).toEqual([])
}

test(`an archive folder is honest after a crash before any change (seed ${seed})`, async () => {
  const { disk, expectedAt } = await recordHistory()
  expect(disk.journal.length).toBeGreaterThan(60)
  expect(expectedAt).toHaveLength(disk.journal.length + 1)
  for (let index = 0; index <= disk.journal.length; index++) {
    const variants: CrashVariant[] = ['all', 'synced']
    for (let torn = 0; torn < 12; torn++) variants.push({ torn: seed + torn })
    for (const variant of variants) {
      const scenario = `before mutation ${index}, ${JSON.stringify(variant)}`
      await check(disk.stateAt(index, variant), expectedAt[index]!, scenario)
    }
  }
})
