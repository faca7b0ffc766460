import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  call,
  collectionNames,
  countPoints,
  makeCollection,
  type SnapshotDescription,
} from '../support/qdrant-rest.ts'
import {
  runCli,
  startServer,
  temporaryFolder,
  type Ended,
  type ServerProcess,
} from '../support/server-process.ts'

/** Archives of a server with `plants` (5 points, alias `garden`) and `stones` (3 points). */
interface Archives {
  readonly plants: string
  readonly stones: string
  readonly store: string
  readonly broken: string
}

let archives: Archives

beforeAll(async () => {
  const home = await temporaryFolder()
  const server = await startServer({ home })
  await makeCollection(server.url, 'plants', 5)
  await makeCollection(server.url, 'stones', 3)
  await alias(server, 'garden', 'plants')
  const create = (path: string) => call<SnapshotDescription>(server.url, 'POST', path)
  const plants = await create('/collections/plants/snapshots')
  const stones = await create('/collections/stones/snapshots')
  const store = await create('/snapshots')
  await server.stop()
  const broken = join(home, 'broken.snapshot')
  await writeFile(broken, 'not an archive')
  archives = {
    plants: join(server.snapshotsPath, 'plants', plants.name),
    stones: join(server.snapshotsPath, 'stones', stones.name),
    store: join(server.snapshotsPath, store.name),
    broken,
  }
})

async function alias(server: ServerProcess, name: string, collection: string): Promise<void> {
  const actions = [{ create_alias: { alias_name: name, collection_name: collection } }]
  await call(server.url, 'POST', '/collections/aliases', { actions })
}

async function aliases(server: ServerProcess): Promise<Record<string, string>> {
  type Answer = { aliases: { alias_name: string; collection_name: string }[] }
  const answer = await call<Answer>(server.url, 'GET', '/aliases')
  return Object.fromEntries(answer.aliases.map((one) => [one.alias_name, one.collection_name]))
}

/** A folder whose storage holds `plants` with two points and `other` with one. */
async function homeWithPlants(): Promise<string> {
  const home = await temporaryFolder()
  const server = await startServer({ home })
  await makeCollection(server.url, 'plants', 2)
  await makeCollection(server.url, 'other', 1)
  await alias(server, 'herbs', 'plants')
  await server.stop()
  return home
}

function startFails(home: string, args: readonly string[]): Promise<Ended> {
  return runCli(['serve', '--http-port', '0', ...args], { home })
}

/** What a server on `home` holds, by collection. */
async function contents(home: string, args: readonly string[] = []): Promise<Record<string, number>> {
  const server = await startServer({ home, args })
  const names = await collectionNames(server.url)
  const counts = await Promise.all(names.map((name) => countPoints(server.url, name)))
  await server.stop()
  return Object.fromEntries(names.map((name, i) => [name, counts[i] ?? 0]))
}

describe('--snapshot PATH:NAME', () => {
  test('restores before the server listens, and for good', async () => {
    const home = await temporaryFolder()
    const args = ['--snapshot', `${archives.plants}:seedlings`, '--snapshot', `${archives.stones}:rocks`]
    expect(await contents(home, args)).toEqual({ seedlings: 5, rocks: 3 })
    expect(await contents(home)).toEqual({ seedlings: 5, rocks: 3 })
  })

  test('refuses to replace a collection unless it is forced', async () => {
    const home = await homeWithPlants()
    const { code, stderr } = await startFails(home, ['--snapshot', `${archives.plants}:plants`])
    expect(code).toBe(101)
    expect(stderr).toContain('Collection plants already exists. Use --force-snapshot to overwrite it.')
    expect(await contents(home)).toEqual({ plants: 2, other: 1 })
    const server = await startServer({ home, args: ['--snapshot', `${archives.plants}:plants`, '-f'] })
    expect(await countPoints(server.url, 'herbs')).toBe(5)
    await server.stop()
    expect(await contents(home)).toEqual({ plants: 5, other: 1 })
  })

  test('replaces the payload indexes, too', async () => {
    const home = await homeWithPlants()
    const first = await startServer({ home })
    await call(first.url, 'PUT', '/collections/plants/index?wait=true', {
      field_name: 'n',
      field_schema: 'integer',
    })
    await first.stop()
    const second = await startServer({ home, args: ['--snapshot', `${archives.plants}:plants`, '-f'] })
    const info = await call<{ payload_schema: object }>(second.url, 'GET', '/collections/plants')
    expect(info.payload_schema).toEqual({})
    await second.stop()
  })

  test('what an interrupted restore has staged is gone at the next start', async () => {
    const home = await homeWithPlants()
    const first = await startServer({ home })
    await makeCollection(first.url, 'stillpoint-restore-01234567-89ab-4cde-8f01-23456789abcd', 1)
    await first.kill()
    expect(await contents(home)).toEqual({ plants: 2, other: 1 })
  })

  test('replaces a collection of another shape when forced, and keeps its aliases', async () => {
    const home = await temporaryFolder()
    const first = await startServer({ home })
    await call(first.url, 'PUT', '/collections/plants', { vectors: { size: 9, distance: 'Euclid' } })
    await alias(first, 'herbs', 'plants')
    await first.stop()
    const second = await startServer({
      home,
      args: ['--snapshot', `${archives.plants}:plants`, '--force-snapshot'],
    })
    expect(await countPoints(second.url, 'herbs')).toBe(5)
    expect(await collectionNames(second.url)).toEqual(['plants'])
    await second.stop()
  })

  test('of several, one that fails takes back the others', async () => {
    const home = await homeWithPlants()
    const args = ['plants', 'seedlings'].flatMap((name) => ['--snapshot', `${archives.plants}:${name}`])
    const { code, stderr } = await startFails(home, [
      ...args,
      '--snapshot',
      `${archives.broken}:broken`,
      '-f',
    ])
    expect(code).toBe(101)
    expect(stderr).toContain('Failed to recover snapshot broken')
    expect(await contents(home)).toEqual({ plants: 2, other: 1 })
  })

  test.each([
    ['plants.snapshot', 'Collection name is missing: plants.snapshot'],
    ['plants.snapshot:', 'Collection name is missing: plants.snapshot:'],
    [':copy', 'Snapshot path is missing: :copy'],
    ['plants.snapshot:a/b', 'Collection name must not contain slashes: plants.snapshot:a/b'],
    ['plants.snapshot:a\\b', 'Collection name must not contain slashes'],
    ['missing.snapshot:copy', 'Failed to recover snapshot copy: No such file or directory'],
    ['.:copy', 'Failed to recover snapshot copy'],
  ])('%s is refused with 101', async (flag, words) => {
    const { code, stderr } = await startFails(await temporaryFolder(), ['--snapshot', flag])
    expect(stderr).toContain(words)
    expect(code).toBe(101)
  })
})

describe('--storage-snapshot PATH', () => {
  test('restores all collections with their aliases', async () => {
    const server = await startServer({ args: ['--storage-snapshot', archives.store] })
    expect(await collectionNames(server.url)).toEqual(['plants', 'stones'])
    expect(await countPoints(server.url, 'garden')).toBe(5)
    await server.stop()
  })

  test('wins over --snapshot', async () => {
    const args = ['--storage-snapshot', archives.store, '--snapshot', `${archives.plants}:seedlings`]
    expect(await contents(await temporaryFolder(), args)).toEqual({ plants: 5, stones: 3 })
  })

  test('refuses to replace a collection unless it is forced, and then keeps the others', async () => {
    const home = await homeWithPlants()
    const { code, stderr } = await startFails(home, ['--storage-snapshot', archives.store])
    expect(code).toBe(101)
    expect(stderr).toContain('Collection plants already exists. Use --force-snapshot to overwrite it.')
    expect(await contents(home)).toEqual({ plants: 2, other: 1 })
    const forced = await startServer({
      home,
      args: ['--storage-snapshot', archives.store, '--force-snapshot'],
    })
    expect(await collectionNames(forced.url)).toEqual(['other', 'plants', 'stones'])
    expect(await aliases(forced)).toMatchObject({ garden: 'plants' })
    await forced.stop()
    expect(await contents(home)).toEqual({ plants: 5, stones: 3, other: 1 })
  })

  test('refuses to move an alias unless it is forced', async () => {
    const home = await temporaryFolder()
    const server = await startServer({ home })
    await makeCollection(server.url, 'rocks', 1)
    await alias(server, 'garden', 'rocks')
    await server.stop()
    const { code, stderr } = await startFails(home, ['--storage-snapshot', archives.store])
    expect(code).toBe(101)
    expect(stderr).toContain('Alias garden already exists. Use --force-snapshot to overwrite it.')
    expect(await contents(home)).toEqual({ rocks: 1 })
  })

  test('an archive that is missing, broken or of one collection only changes nothing', async () => {
    const home = await homeWithPlants()
    const missing = await startFails(home, ['--storage-snapshot', join(home, 'missing.snapshot')])
    expect(missing).toMatchObject({ code: 101, stderr: expect.stringContaining('No such file or directory') })
    for (const path of [archives.broken, archives.plants]) {
      expect((await startFails(home, ['--storage-snapshot', path, '-f'])).code).toBe(101)
    }
    expect(await contents(home)).toEqual({ plants: 2, other: 1 })
  })
})
