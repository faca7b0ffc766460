import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { open } from './open.ts'

test('documents are kept across checkpoints and starts', async () => {
  const disk = new SimulatedDisk()
  let db = await openQuietly(open, disk, 1)
  await db.documents.put('a/1', { word: 'first' })
  await db.documents.put('a/2', [2])
  await db.flush()
  await db.documents.put('a/1', { word: 'second' })
  await db.documents.put('b', 'three')
  expect(await db.documents.delete('a/2')).toBe(true)
  expect(await db.documents.delete('a/2')).toBe(false)
  await db.close()
  db = await openQuietly(open, disk, 2)
  expect(db.documents.get('a/1')).toEqual({ word: 'second' })
  expect(db.documents.get('a/2')).toBeUndefined()
  expect(db.documents.list('a/')).toEqual([['a/1', { word: 'second' }]])
  expect(db.documents.list()).toHaveLength(2)
  await db.close()
})

test('what is too long, or nothing, is refused by name', async () => {
  const db = await openQuietly(open, new SimulatedDisk(), 1)
  await expect(db.documents.put('', 1)).rejects.toThrow('its name has 0 bytes')
  await expect(db.documents.put('x', null)).rejects.toThrow('Cannot keep the document "x": it is null')
  await expect(db.documents.put('x', 'y'.repeat(262_144))).rejects.toThrow('it has 262146 bytes')
  expect(db.documents.list()).toEqual([])
  await db.close()
})
