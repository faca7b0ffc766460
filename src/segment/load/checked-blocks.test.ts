import { createHash } from 'node:crypto'
import { open, mkdtemp, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blocksAround, checkStep, fetchStep } from './checked-blocks.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
const blockBytes = 32
const sums = Buffer.concat(
  [0, 32, 64, 96].map((at) =>
    createHash('sha256')
      .update(bytes.subarray(at, at + blockBytes))
      .digest(),
  ),
)

let folder: string
let file: FileHandle

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-blocks-'))
  await writeFile(join(folder, 'f'), bytes)
  file = await open(join(folder, 'f'))
})

afterAll(async () => {
  await file.close()
  await rm(folder, { recursive: true })
})

test('a step is read into its pieces, and checked across them', () => {
  const pieces = [new Uint8Array(40), new Uint8Array(1), new Uint8Array(27)]
  const step = { offset: 32, pieces }
  expect(fetchStep(file.fd, step)).toBeUndefined()
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(bytes.subarray(32)))
  expect(checkStep(step, { blockBytes, sums })).toBeUndefined()
  pieces[2]![26]! ^= 1
  expect(checkStep(step, { blockBytes, sums })).toMatchObject({ block: 3 })
  pieces[0]![0]! ^= 1
  expect(checkStep(step, { blockBytes, sums })).toMatchObject({ block: 1 })
})

test('a file that ends too soon is told, and what the system says', () => {
  const step = { offset: 96, pieces: [new Uint8Array(32)] }
  expect(fetchStep(file.fd, step)).toEqual({ unread: 'it ends after 100 bytes' })
  expect(fetchStep(2 ** 20, step)).toEqual({ unread: expect.stringContaining('EBADF') })
})

test('the blocks around some bytes', () => {
  const shape = { bytes: 100, blockBytes }
  expect(blocksAround(0, 1, shape)).toEqual({ from: 0, to: 32 })
  expect(blocksAround(31, 65, shape)).toEqual({ from: 0, to: 96 })
  expect(blocksAround(64, 100, shape)).toEqual({ from: 64, to: 100 })
})
