import { describe, expect, test } from 'vitest'
import { skipDirectorySync, skipFileSync, swappedRename } from './disk-faults.ts'
import { SimulatedDisk, type CrashVariant } from './simulated-disk.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const seeds = Array.from({ length: 200 }, (_, seed) => seed)

async function contentOf(disk: SimulatedDisk, path: string): Promise<string | undefined> {
  return (await disk.stat(path)) && Buffer.from(await disk.readFile(path)).toString('latin1')
}

/** All contents that a file may have after a crash at the end of the journal. */
async function outcomes(
  disk: SimulatedDisk,
  path: string,
  inOrder?: boolean,
): Promise<Set<string | undefined>> {
  const found = new Set<string | undefined>()
  for (const torn of seeds) {
    const variant: CrashVariant = inOrder === undefined ? { torn } : { torn, inOrder }
    found.add(await contentOf(disk.stateAt(disk.journal.length, variant), path))
  }
  return found
}

describe('as a file system', () => {
  test('writes go to the end, truncation cuts, and what was cut does not come back', async () => {
    const disk = new SimulatedDisk()
    const file = await disk.create('/a')
    await file.writeAll([text('hello '), text('world')])
    await file.truncate(5)
    await file.write(text('!'))
    expect(await contentOf(disk, '/a')).toBe('hello!')
    await file.truncate(8)
    expect(await contentOf(disk, '/a')).toBe('hello!\0\0')
    expect(Buffer.from(await disk.readRange('/a', 4, 100)).toString()).toBe('o!\0\0')
    expect((await disk.stat('/a'))?.bytes).toBe(8)
  })

  test('keeps the bytes of a write when the caller uses the memory again', async () => {
    const disk = new SimulatedDisk()
    const file = await disk.create('/a')
    const bytes = text('abc')
    await file.write(bytes)
    bytes.fill(0)
    expect(await contentOf(disk, '/a')).toBe('abc')
  })

  test('a handle follows its file through a rename', async () => {
    const disk = new SimulatedDisk()
    await disk.makeDirectory('/d/e')
    const file = await disk.create('/d/a')
    await disk.rename('/d/a', '/d/e/b')
    await file.write(text('x'))
    expect(await contentOf(disk, '/d/e/b')).toBe('x')
    expect(disk.paths()).toEqual(['/d/e/b'])
  })

  test('answers misuse with the errors of an operating system', async () => {
    const disk = new SimulatedDisk()
    await disk.makeDirectory('/d')
    await disk.create('/d/a')
    await expect(disk.create('/d/a')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(disk.create('/none/a')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.readFile('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.readFile('/d')).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(disk.append('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.rename('/none', '/a')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.syncDirectory('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await disk.list('/none')).toEqual([])
    await disk.remove('/none')
    await disk.removeDirectory('/d')
    expect(disk.paths()).toEqual(['/d/a'])
  })

  test('a lock is held until released, and free after a crash', async () => {
    const disk = new SimulatedDisk()
    const lock = await disk.lock('/lock', 'first')
    expect(await disk.lock('/lock', 'second')).toEqual({ heldBy: 'first' })
    expect('release' in (await disk.stateAt(0, 'all').lock('/lock', 'third'))).toBe(true)
    if ('release' in lock) await lock.release()
    expect('release' in (await disk.lock('/lock', 'second'))).toBe(true)
  })

  test('tells of each mutation before it happens', async () => {
    const seen: string[] = []
    const disk: SimulatedDisk = new SimulatedDisk({
      onMutation: (index, description) => seen.push(`${index} ${description} of ${disk.journal.length}`),
    })
    const file = await disk.create('/a')
    await file.write(text('x'))
    await file.sync()
    expect(seen).toEqual(['0 create /a of 0', '1 write /a of 1', '2 sync-file /a of 2'])
  })
})

describe('after a crash', () => {
  /** /a holds "one" durably; then "two" is written without a sync. */
  async function history(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk()
    const file = await disk.create('/a')
    await file.write(text('one'))
    await file.sync()
    await disk.syncDirectory('/')
    await file.write(text('two'))
    return disk
  }

  test('a killed process leaves everything before the mutation and nothing after', async () => {
    const disk = await history()
    const contents = await Promise.all([0, 1, 2, 3, 4, 5].map((k) => contentOf(disk.stateAt(k, 'all'), '/a')))
    expect(contents).toEqual([undefined, '', 'one', 'one', 'one', 'onetwo'])
  })

  test('a disk that goes on after a crash makes new files, not the old ones again', async () => {
    const disk = await history()
    for (const variant of ['all', 'synced'] as const) {
      const crashed = disk.stateAt(5, variant)
      await crashed.makeDirectory('/d/e')
      await (await crashed.create('/d/e/b')).write(text('new'))
      expect(crashed.paths()).toEqual(['/a', '/d/e/b'])
      expect(await contentOf(crashed, '/a')).toBe(variant === 'all' ? 'onetwo' : 'one')
    }
  })

  test('power loss leaves what was synced, under a name that was synced', async () => {
    const disk = await history()
    const contents = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((k) => contentOf(disk.stateAt(k, 'synced'), '/a')),
    )
    expect(contents).toEqual([undefined, undefined, undefined, undefined, 'one', 'one'])
  })

  test('what a killed process had not synced can still be lost by a second crash', async () => {
    const disk = await history()
    const killed = disk.stateAt(5, 'all')
    expect(killed.journalStart).toBe(5)
    expect(await contentOf(killed.stateAt(5, 'synced'), '/a')).toBe('one')
    const file = await killed.append('/a')
    await file.sync()
    expect(await contentOf(killed.stateAt(6, 'synced'), '/a')).toBe('onetwo')
  })

  test('a torn write survives whole, not at all, or with zeros for what is missing', async () => {
    const disk = await history()
    const found = await outcomes(disk, '/a')
    expect(found).toContain('one')
    expect(found).toContain('onetwo')
    expect(found).toContain('one\0\0\0')
    for (const content of found) expect(content).toMatch(/^one(two|\0{0,3})$/)
  })

  test('a large write is torn at sectors, in any subset', async () => {
    const disk = new SimulatedDisk()
    const file = await disk.create('/a')
    await file.write(text('.'.repeat(500)))
    await file.sync()
    await disk.syncDirectory('/')
    await file.write(text('x'.repeat(1500)))
    const shapes = new Set<string>()
    for (const content of await outcomes(disk, '/a')) {
      expect(content!.slice(0, 500)).toBe('.'.repeat(500))
      const pieces = [
        content!.slice(500, 512),
        content!.slice(512, 1024),
        content!.slice(1024, 1536),
        content!.slice(1536),
      ]
      for (const piece of pieces) expect(piece).toMatch(/^(x*|\0*)$/)
      shapes.add(pieces.map((piece) => (piece === '' ? '-' : piece[0] === 'x' ? 'x' : '0')).join(''))
    }
    for (const shape of ['xxxx', '----', '0xxx', 'x0xx', '00x-', 'x---']) expect(shapes).toContain(shape)
  })

  test('unsynced changes of a directory survive in any choice, or only as a beginning of them', async () => {
    const disk = new SimulatedDisk()
    for (const name of ['/a', '/b']) await disk.create(name)
    const statesOf = (inOrder: boolean): Set<string> =>
      new Set(seeds.map((torn) => disk.stateAt(2, { torn, inOrder }).paths().join()))
    expect(statesOf(false)).toEqual(new Set(['', '/a', '/b', '/a,/b']))
    expect(statesOf(true)).toEqual(new Set(['', '/a', '/a,/b']))
  })

  test('a rename within a directory is atomic; one across directories never loses both names', async () => {
    const disk = new SimulatedDisk()
    await disk.makeDirectory('/d')
    const file = await disk.create('/a')
    await file.sync()
    await disk.syncDirectory('/')
    await disk.rename('/a', '/b')
    await disk.syncDirectory('/')
    const renamed = disk.journal.length - 1
    expect(new Set(seeds.map((torn) => disk.stateAt(renamed, { torn }).paths().join()))).toEqual(
      new Set(['/a', '/b']),
    )
    await disk.rename('/b', '/d/c')
    const moved = new Set(seeds.map((torn) => disk.stateAt(disk.journal.length, { torn }).paths().join()))
    expect(moved).toEqual(new Set(['/b', '/b,/d/c', '/d/c']))
    expect(disk.stateAt(disk.journal.length, 'synced').paths()).toEqual(['/b'])
  })

  test('a directory whose name was not synced takes what it holds with it', async () => {
    const disk = new SimulatedDisk()
    await disk.makeDirectory('/d')
    const file = await disk.create('/d/a')
    await file.sync()
    await disk.syncDirectory('/d')
    expect(disk.stateAt(disk.journal.length, 'synced').paths()).toEqual([])
    await disk.syncDirectory('/')
    expect(disk.stateAt(disk.journal.length, 'synced').paths()).toEqual(['/d/a'])
  })

  test('the same seed gives the same disk', async () => {
    const disk = await history()
    for (const torn of seeds) {
      const [one, two] = [disk.stateAt(5, { torn }), disk.stateAt(5, { torn })]
      expect(await contentOf(one, '/a')).toBe(await contentOf(two, '/a'))
    }
  })

  test('a disk made from another leaves it and its other descendants alone', async () => {
    const disk = await history()
    const [one, two] = [disk.stateAt(5, 'synced'), disk.stateAt(5, 'synced')]
    await (await one.append('/a')).write(text('!'))
    await one.remove('/a')
    expect(await contentOf(two, '/a')).toBe('one')
    expect(await contentOf(disk, '/a')).toBe('onetwo')
    const again = one.stateAt(1, 'all')
    expect(await contentOf(again, '/a')).toBe('one!')
    expect(one.paths()).toEqual([])
  })
})

describe('planted mistakes show', () => {
  test('a skipped file sync loses the bytes, a skipped directory sync the name', async () => {
    for (const [mistake, expected] of [
      [skipFileSync, ''],
      [skipDirectorySync, undefined],
    ] as const) {
      const disk = new SimulatedDisk()
      const faulty = mistake(disk)
      const file = await faulty.create('/a')
      await file.write(text('one'))
      await file.sync()
      await faulty.syncDirectory('/')
      expect(await contentOf(disk.stateAt(disk.journal.length, 'synced'), '/a')).toBe(expected)
    }
  })

  test('a swapped rename shows a name without its bytes, and only for files with a passing name', async () => {
    const disk = new SimulatedDisk()
    const faulty = swappedRename(disk)
    const file = await faulty.create('/a.new')
    await file.write(text('one'))
    await file.sync()
    await faulty.rename('/a.new', '/a')
    await file.write(text('two'))
    await file.sync()
    expect(disk.journal.map((mutation) => mutation.kind)).toEqual([
      'create',
      'write',
      'rename',
      'sync-file',
      'write',
      'sync-file',
    ])
    const other = await faulty.create('/b')
    await other.sync()
    expect(disk.journal.at(-1)?.kind).toBe('sync-file')
  })
})
