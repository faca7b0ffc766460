import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPartialFile } from './partial-file.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-part-'))
  path = join(folder, 'a.snapshot')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('a second attempt goes on where the first one stopped, and the file has its name only then', async () => {
  const first = await openPartialFile(path)
  expect([first.tag, first.bytes]).toEqual([undefined, 0])
  await first.begin('v1')
  await first.write(Buffer.from('abc'))
  await first.close()
  expect(await readdir(folder)).toEqual(['a.snapshot.v1.part'])

  const second = await openPartialFile(path)
  expect([second.tag, second.bytes]).toEqual(['v1', 3])
  await second.write(Buffer.from('def'))
  await second.publish()
  expect(await readdir(folder)).toEqual(['a.snapshot'])
  expect(await readFile(path, 'utf8')).toBe('abcdef')
})

test('another version begins anew and leaves nothing of the first', async () => {
  const first = await openPartialFile(path)
  await first.begin('v1')
  await first.write(Buffer.from('abc'))
  await first.close()
  const second = await openPartialFile(path)
  await second.begin('v2')
  await second.write(Buffer.from('x'))
  await second.publish()
  expect(await readdir(folder)).toEqual(['a.snapshot'])
  expect(await readFile(path, 'utf8')).toBe('x')
})

test('nothing at all is a file, too', async () => {
  const file = await openPartialFile(path)
  await file.begin('v1')
  await file.publish()
  expect(await readFile(path, 'utf8')).toBe('')
})
