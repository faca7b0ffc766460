import { describe, expect, test } from 'vitest'
import { openQuietly } from '../../../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { open } from '../../open.ts'

const config = { vectors: { '': { size: 2, distance: 'Dot' } } } as const
const point = (id: number) => ({ id, vectors: { '': [id, 1] }, payload: { n: id } })

describe('a draft', () => {
  test('is filled unseen, survives a restart, and becomes a collection', async () => {
    const disk = new SimulatedDisk()
    let db = await openQuietly(open, disk, 1)
    const draft = await db.createDraft(config)
    await draft.upsert([point(1), point(2)])
    const whole = await db.createSnapshot({ name: 'all' })
    expect(whole.info().collections).toEqual([])
    expect(db.stats().collections).toBe(0)
    await db.close()
    db = await openQuietly(open, disk, 2)
    expect(db.listCollections()).toEqual([])
    expect(db.listDrafts().map(({ name }) => name)).toEqual([draft.name])
    await db.getCollection(draft.name).upsert([point(3)])
    const { collections, undo } = await db.publishDrafts(
      { [draft.name]: 'plants' },
      { aliases: { green: 'plants' }, receipt: { name: 'done', value: { into: ['plants'] } } },
    )
    expect(undo).toBeUndefined()
    expect(await collections[0]!.count()).toBe(3)
    expect(db.documents.get('done')).toEqual({ into: ['plants'] })
    await db.dropCollection(draft.name)
    await db.close()
    db = await openQuietly(open, disk, 3)
    expect(db.listDrafts()).toEqual([])
    expect(db.listCollections().map(({ name }) => name)).toEqual(['plants'])
    expect((await db.getCollection('green').get([3], { payload: true }))[0]?.payload?.text).toBe('{"n":3}')
    await db.close()
  })

  test('takes the place of a collection, which is kept as a snapshot', async () => {
    const db = await openQuietly(open, new SimulatedDisk(), 1)
    const old = await db.createCollection('plants', config)
    await old.upsert([point(7)])
    const draft = await db.createDraft({ vectors: { a: { size: 1, distance: 'Cosine' } } })
    await expect(db.publishDrafts({ [draft.name]: 'plants' })).rejects.toMatchObject({
      code: 'collection-exists',
    })
    expect(await old.count()).toBe(1)
    const { undo } = await db.publishDrafts({ [draft.name]: 'plants' }, { replace: true, undoName: 'before' })
    expect(Object.keys(db.getCollection('plants').config().vectors)).toEqual(['a'])
    await db.rollback('plants', 'before')
    expect(undo?.name).toBe('before')
    expect(await db.getCollection('plants').count()).toBe(1)
    await db.close()
  })

  test('gets its name together with the others or not at all', async () => {
    const db = await openQuietly(open, new SimulatedDisk(), 1)
    const [one, two] = [await db.createDraft(config), await db.createDraft(config)]
    await db.createCollection('taken', config)
    const names = { [one.name]: 'free', [two.name]: 'taken' }
    const receipt = { name: 'done', value: 1 }
    await expect(db.publishDrafts(names, { receipt })).rejects.toMatchObject({ code: 'collection-exists' })
    await db.updateAliases([{ kind: 'create', alias: 'green', collection: 'taken' }])
    await expect(
      db.publishDrafts({ [one.name]: 'free' }, { aliases: { green: 'free' }, receipt }),
    ).rejects.toMatchObject({ code: 'alias-exists' })
    await expect(db.publishDrafts({ taken: 'other' })).rejects.toThrow('Cannot find draft "taken"')
    expect(db.listCollections().map(({ name }) => name)).toEqual(['taken'])
    expect(db.documents.get('done')).toBeUndefined()
    await db.close()
  })
})
