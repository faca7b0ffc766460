import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeDisk } from './node-disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'node-disk-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('files', () => {
  test('writes land at the end, also after a truncation and a rename', async () => {
    const file = await nodeDisk.create(`${folder}/a`)
    await file.writeAll([Buffer.from('hello '), new Uint8Array(0), Buffer.from('world')])
    await file.truncate(5)
    await file.sync()
    await nodeDisk.rename(`${folder}/a`, `${folder}/b`)
    await file.write(Buffer.from('!'))
    await file.close()
    const again = await nodeDisk.append(`${folder}/b`)
    await again.truncate(4)
    await again.write(Buffer.from('?'))
    await again.close()
    expect(Buffer.from(await nodeDisk.readFile(`${folder}/b`)).toString()).toBe('hell?')
    expect(Buffer.from(await nodeDisk.readRange(`${folder}/b`, 3, 100)).toString()).toBe('l?')
    expect((await nodeDisk.readRange(`${folder}/b`, 30, 100)).length).toBe(0)
  })

  test('thousands of parts are written in order', async () => {
    const parts = Array.from({ length: 5000 }, (_, n) => Buffer.from(`${n},`))
    const file = await nodeDisk.create(`${folder}/a`)
    await file.writeAll(parts)
    await file.writeAll([])
    await file.close()
    expect(Buffer.concat(parts).equals(await nodeDisk.readFile(`${folder}/a`))).toBe(true)
  })

  test('what is read has memory of its own, aligned for typed arrays', async () => {
    const file = await nodeDisk.create(`${folder}/a`)
    await file.write(Buffer.alloc(24))
    await file.close()
    const bytes = await nodeDisk.readRange(`${folder}/a`, 3, 16)
    expect(bytes.byteOffset).toBe(0)
    expect(bytes.buffer.byteLength).toBe(16)
  })

  test('errors of the system pass through', async () => {
    await nodeDisk.makeDirectory(`${folder}/d/e`)
    await (await nodeDisk.create(`${folder}/a`)).close()
    await expect(nodeDisk.create(`${folder}/a`)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(nodeDisk.append(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(nodeDisk.readFile(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(nodeDisk.readFile(`${folder}/d`)).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(nodeDisk.syncDirectory(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('directories: made with parents, listed, removed when empty, absent ones are fine', async () => {
  await nodeDisk.makeDirectory(`${folder}/d/e`)
  await nodeDisk.makeDirectory(`${folder}/d/e`)
  await (await nodeDisk.create(`${folder}/d/a`)).close()
  await symlink(`${folder}/d/a`, `${folder}/d/link`)
  const entries = [...(await nodeDisk.list(`${folder}/d`))].sort((a, b) => (a.name < b.name ? -1 : 1))
  expect(entries).toEqual([
    { name: 'a', kind: 'file' },
    { name: 'e', kind: 'directory' },
    { name: 'link', kind: 'other' },
  ])
  expect(await nodeDisk.list(`${folder}/none`)).toEqual([])
  expect(await nodeDisk.realPath(`${folder}/d/link`)).toBe(await nodeDisk.realPath(`${folder}/d/a`))
  expect(await nodeDisk.realPath(`${folder}/none`)).toBeUndefined()
  expect(await nodeDisk.stat(`${folder}/none`)).toBeUndefined()
  expect(await nodeDisk.stat(`${folder}/d/a/below-a-file`)).toBeUndefined()
  expect(await nodeDisk.stat(`${folder}/d`)).toMatchObject({ kind: 'directory' })
  await nodeDisk.syncDirectory(`${folder}/d`)
  await nodeDisk.removeDirectory(`${folder}/d`)
  expect(await nodeDisk.stat(`${folder}/d`)).toBeDefined()
  await nodeDisk.removeDirectory(`${folder}/d/e`)
  await nodeDisk.removeDirectory(`${folder}/d/e`)
  await nodeDisk.remove(`${folder}/none`)
  expect(await nodeDisk.stat(`${folder}/d/e`)).toBeUndefined()
})

describe('the lock', () => {
  test('is refused to the same process, and free after release', async () => {
    const lock = await nodeDisk.lock(`${folder}/deep/lock`, 'me')
    expect(await nodeDisk.lock(`${folder}/deep/lock`, 'me again')).toMatchObject({
      heldBy: expect.stringContaining('me ('),
    })
    if ('release' in lock) await lock.release()
    const again = await nodeDisk.lock(`${folder}/deep/lock`, 'me')
    expect('release' in again).toBe(true)
    if ('release' in again) await again.release()
    expect((await nodeDisk.list(`${folder}/deep`)).length).toBeLessThanOrEqual(2)
  })

  test('of a live process holds, of a killed one does not', async () => {
    // The claim that another process would have written, in the name of one that we can kill.
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(child, 'spawn')
    const own = await nodeDisk.lock(`${folder}/own`, 'me')
    const claim = JSON.parse(Buffer.from(await nodeDisk.readFile(`${folder}/own.1`)).toString()) as object
    if ('release' in own) await own.release()
    const stat = await nodeDisk.stat(`/proc/${child.pid!}`)
    const started =
      stat &&
      Buffer.from(await readAll(`/proc/${child.pid!}/stat`))
        .toString()
        .replace(/^.*\) /s, '')
        .split(' ')[19]
    const file = await nodeDisk.create(`${folder}/lock.1`)
    await file.write(
      Buffer.from(JSON.stringify({ ...claim, pid: child.pid, started: started ?? '', owner: 'the child' })),
    )
    await file.close()
    expect(await nodeDisk.lock(`${folder}/lock`, 'me')).toMatchObject({
      heldBy: expect.stringContaining('the child'),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await nodeDisk.lock(`${folder}/lock`, 'me')
    expect('release' in lock).toBe(true)
    if ('release' in lock) await lock.release()
  })
})

/** Files of /proc have no length, so `readFile` finds nothing in them. */
async function readAll(path: string): Promise<Uint8Array> {
  return import('node:fs/promises').then((fs) => fs.readFile(path))
}
