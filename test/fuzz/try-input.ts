import {
  archivePoints,
  catArchiveEntry,
  inspectArchive,
  InvariantViolation,
  isDatabaseError,
  listArchive,
  verifyArchive,
  type ArchiveDescription,
  type OpenArchiveOptions,
} from '../../src/index.ts'
import { bytesInMemory } from '../../src/snapshot/archive/archive-bytes.ts'
import { chunked, collect } from '../support/archives.ts'
import { membersOf, rawTar } from '../support/tar.ts'
import { allPoints, examine, same, useOn, Wrong } from './examine.ts'
import { living, shardTarget, type Home, type HomeState } from './home.ts'
import { sealText } from '../support/rewrite-archive.ts'
import type { Input } from './input.ts'
import { memberOf } from './mutate-tar.ts'

/** Ways that fit another kind of archive. */
const others = ['shard', 'store'] as const

/** `refused` by this code, or restored. */
export interface Outcome {
  readonly restored: boolean
  readonly code: string
  readonly via: string
}

/**
 * One input through the offline readers, and then into the store. What was refused must have changed nothing; what was
 * accepted must be whole. @throws Wrong, or what no reader may throw
 */
export async function tryInput(home: Home, input: Input): Promise<Outcome> {
  const offline = await readOffline(input)
  const before = await home.state()
  const { scope } = input.sample
  const wanted = input.dice.chance(0.95) ? scope : 'collection'
  const via =
    wanted !== 'shard' || input.dice.chance(0.1)
      ? input.dice.pick([
          'plain',
          'plain',
          'plain',
          'plain',
          'replace',
          'replace',
          'pieces',
          'pieces',
          'cancelled',
          ...others,
        ])
      : 'plain'
  let described: ArchiveDescription | undefined
  const check = (description: ArchiveDescription): void => void (described = description)
  let code = ''
  try {
    await restore(home, input, wanted, via, check)
  } catch (error) {
    code = codeOf(error, ['invalid', 'corrupt', 'conflict'])
    const recounted = recount(input, error)
    if (recounted !== undefined) return tryInput(home, recounted)
  }
  if (code !== '') {
    await checkUnchanged(home, before)
    if (
      input.changes.length === 0 &&
      wanted === input.sample.scope &&
      via !== 'cancelled' &&
      !expected(code, via, wanted)
    )
      throw new Wrong(`an archive as it was made was refused: ${code}`)
    return { restored: false, code, via: `${wanted} ${via}` }
  }
  if (via === 'cancelled') {
    await checkUnchanged(home, before)
    return { restored: false, code: 'cancelled', via: 'cancelled' }
  }
  if (!offline.isGood) throw new Wrong(`it was restored, but offline: ${offline.why}`)
  await checkRestored(home, input, before, described!, wanted)
  return { restored: true, code: '', via: `${wanted} ${via}` }
}

/** Whether a sound archive may be refused so: it is of another kind, or the name is taken. */
function expected(code: string, via: string, wanted: Input['sample']['scope']): boolean {
  // Only one way leads into a shard.
  if (wanted === 'shard' && via !== 'plain') return code === 'archive-invalid'
  if (via === 'store' || via === 'shard')
    return code === 'archive-invalid' || code === 'snapshot-incompatible'
  return via === 'replace' && (code === 'collection-exists' || code === 'snapshot-incompatible')
}

async function restore(
  home: Home,
  input: Input,
  wanted: Input['sample']['scope'],
  via: string,
  check: (description: ArchiveDescription) => void,
): Promise<void> {
  const { dice, bytes } = input
  const source = (): AsyncIterable<Uint8Array> => chunked(bytes, dice.pick([512, 1_000, 65_536, 2 ** 20]))
  const options = {
    check,
    bases: input.bases.map(bytesInMemory),
    ...(input.decrypt === undefined ? {} : { decrypt: input.decrypt }),
    ...(input.trustedKeys === undefined ? {} : { trustedKeys: input.trustedKeys }),
  }
  const { db } = home
  if (via === 'pieces' || via === 'cancelled') {
    const into = wanted === 'store' ? {} : { into: 'new' }
    const session = db.imports.start({ ...options, ...into })
    try {
      for (let at = 0; at < bytes.byteLength;) {
        const end = at + 1 + dice.small(bytes.byteLength)
        at = await session.write(bytes.subarray(at, end), dice.chance(0.9) ? at : undefined)
        if (via === 'cancelled' && dice.chance(0.3)) break
      }
      if (via === 'pieces') await session.finish()
    } finally {
      await session.cancel()
    }
  } else if (wanted === 'shard' || via === 'shard')
    await db.getCollection(shardTarget).shard(1).restoreArchive(source(), options)
  else if (wanted === 'store' || via === 'store')
    await db.restoreStoreArchive(source(), { ...options, replace: via === 'replace' })
  else if (via === 'replace')
    await db.restoreArchive(source(), {
      ...options,
      into: dice.pick(['new', living]),
      replace: dice.chance(0.5),
    })
  else await db.restoreArchive(source(), { ...options, into: 'new' })
}

async function checkUnchanged(home: Home, before: HomeState): Promise<void> {
  const after = await home.state()
  same('collections after a refusal', after.content.join(), before.content.join())
  same('aliases after a refusal', after.aliases, before.aliases)
  same('records after a refusal', after.seq, before.seq)
  const left = after.paths.filter((path) => !before.paths.includes(path))
  if (left.length > 0) throw new Wrong(`a refused archive left ${left.join(', ')}`)
  same('files after a refusal', after.paths.length, before.paths.length)
}

async function checkRestored(
  home: Home,
  input: Input,
  before: HomeState,
  described: ArchiveDescription,
  wanted: Input['sample']['scope'],
): Promise<void> {
  const { db } = home
  const after = await home.state()
  const isShard = described.snapshot.scope === 'shard'
  const fresh = after.content
    .filter((line) => !before.content.includes(line))
    .map((line) => line.split(' ').at(-2)!)
  const collections = db
    .listCollections()
    .filter(({ id, name }) => fresh.includes(id) || (isShard && name === shardTarget))
  for (const name of ['living', shardTarget]) {
    const was = before.content.find((line) => line.startsWith(`${name} `))
    const isTarget = collections.some((collection) => collection.name === name)
    if (!isTarget && !after.content.includes(was!)) throw new Wrong(`collection ${name} is another one now`)
  }
  if (!isShard)
    same(
      'restored points',
      collections.reduce((sum, one) => sum + one.info().pointCount, 0),
      described.collections.reduce((sum, one) => sum + one.pointCount, 0),
    )
  void wanted
  for (const collection of collections) {
    await examine(db, collection)
    await roundTrip(home, input, collection.name)
    await useOn(db, db.getCollection(collection.name))
  }
  if (input.dice.chance(0.2)) {
    const held = (await home.state()).content
    await home.reopen(input.index + 500_000_000)
    same('content after a restart', (await home.state()).content.join(), held.join())
  }
}

/** Snapshot, verification, archive, and restored again: the same content. */
async function roundTrip({ db }: Home, input: Input, name: string): Promise<void> {
  const collection = db.getCollection(name)
  const hash = await collection.contentHash()
  const snapshot = await collection.createSnapshot({ name: `of ${input.index} ${name}` })
  await snapshot.seal()
  const report = await snapshot.verify()
  if (!report.ok) throw new Wrong(`its snapshot does not verify: ${JSON.stringify(report.problems)}`)
  const reader = await snapshot.collection()
  same('content of its snapshot', await reader.contentHash(), hash)
  reader.close()
  const archive = await snapshot.archive()
  const bytes = await collect(archive.stream())
  archive.close()
  const points = []
  for await (const one of archivePoints(bytesInMemory(bytes))) points.push(one)
  same('points of its archive', points.length, collection.info().pointCount)
  const again = await db.restoreArchive(chunked(bytes, 65_536), { into: 'again' })
  same('content of its archive', await again.contentHash(), hash)
  same('points again', (await allPoints(again)).length, points.length)
  await db.dropCollection('again')
  await snapshot.delete()
}

/**
 * A point more or less is found at the very end. With the number that was found the archive gets past that, too.
 * Undefined if it was refused for something else.
 */
function recount(input: Input, error: unknown): Input | undefined {
  const { actual, expected: stated } = isDatabaseError(error, 'archive-invalid') ? error.details : {}
  if (typeof actual !== 'number' || typeof stated !== 'number') return undefined
  if (input.decrypt !== undefined || input.trustedKeys !== undefined || input.recounts >= 3) return undefined
  const [manifest, ...members] = membersOf(input.bytes)
  const text = Buffer.from(manifest!.body!).toString()
  const counted = text
    .replace(`"pointCount":${stated},`, `"pointCount":${actual},`)
    .replace(/,"sha256":"\w{64}"\}\n$/, '}')
  if (!text.includes(`"pointCount":${stated},`)) return undefined
  const bytes = rawTar([memberOf('manifest.json', sealText(counted)), ...members])
  return {
    ...input,
    bytes,
    recounts: input.recounts + 1,
    changes: [...input.changes, `pointCount ${actual}, and not ${stated}`],
  }
}

/** All that can be done with an archive without a store. */
async function readOffline(input: Input): Promise<{ readonly isGood: boolean; readonly why: string }> {
  const archive = bytesInMemory(input.bytes)
  const options: OpenArchiveOptions = { decrypt: input.decrypt, trustedKeys: input.trustedKeys }
  const bases = input.bases.map(bytesInMemory)
  await allowing(() => inspectArchive(archive))
  const inspected = await allowing(() => inspectArchive(archive, options))
  const entries = await allowing(() => listArchive(archive, options))
  const held = (entries ?? []).filter(({ offset }) => offset !== null)
  for (let left = 0; left < 3 && held.length > 0; left++) {
    const { name } = input.dice.pick(held)
    await allowing(async () => {
      for await (const _chunk of catArchiveEntry(archive, name, options));
    })
  }
  for (const { name } of inspected?.content?.collections ?? []) {
    await allowing(async () => {
      let count = 0
      for await (const point of archivePoints(archive, { ...options, collection: name, bases }))
        if (point.payload!.text.length >= 0) count += 1
      if (count > 100_000) throw new Wrong('an archive gives points without end')
    })
  }
  let why = ''
  const report = await verifyArchive(archive, { ...options, bases }).catch((error: unknown) => {
    why = codeOf(error, ['invalid', 'corrupt', 'conflict', 'not-found'])
  })
  if (report !== undefined && !report.ok) {
    why = report.problems.map((problem) => `${problem.entry}: ${problem.why}`).join('; ')
    if (why.trim() === ':' || why === '') throw new Wrong('a report of damage says nothing')
  }
  return { isGood: why === '', why }
}

async function allowing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    codeOf(error, ['invalid', 'corrupt', 'conflict', 'not-found'])
    return undefined
  }
}

/** The code of an error that may be; another one is thrown on. */
function codeOf(error: unknown, kinds: readonly string[]): string {
  if (error instanceof Wrong || error instanceof InvariantViolation || !isDatabaseError(error)) throw error
  if (!kinds.includes(error.kind)) throw error
  // Missing objects are none of a stranger's business, nor are causes without a word.
  if (error.code === 'object-not-found' || !/^Cannot .+: \S/s.test(error.message)) throw error
  return error.code
}
