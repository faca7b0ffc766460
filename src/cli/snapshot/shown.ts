import type { z } from 'zod'
import type { snapshotPage, snapshotSchema } from '../../api/v1/schemas/snapshots.ts'
import { facts, table } from '../table.ts'
import { labelsText, timeText } from '../words.ts'

export type SnapshotJson = z.output<typeof snapshotSchema>
export type SnapshotPageJson = z.output<typeof snapshotPage>

export function snapshotTable(snapshots: readonly SnapshotJson[]): string {
  if (snapshots.length === 0) return 'no snapshots'
  return table(snapshots, [
    { title: 'NAME', text: ({ name }) => name },
    { title: 'OF', text: originText },
    { title: 'CREATED', text: ({ createdAt }) => timeText(createdAt) },
    { title: 'REASON', text: ({ reason }) => reason },
    { title: 'LABELS', text: ({ labels }) => labelsText(labels) },
    { title: 'HELD', text: ({ holds }) => (holds.length === 0 ? '' : 'held') },
    { title: 'VERIFIED', text: ({ verified }) => markText(verified) },
    { title: 'ID', text: ({ id }) => id },
  ])
}

function originText({ scope, shard, collections }: SnapshotJson): string {
  const names = collections.map(({ name }) => name).join(',')
  if (scope === 'shard') return `${names} (shard ${shard ?? 0})`
  return scope === 'store' ? '(store)' : names
}

function markText(mark: SnapshotJson['verified']): string {
  if (mark === null) return ''
  return mark.ok ? timeText(mark.at) : `DAMAGED ${timeText(mark.at)}`
}

export function snapshotFacts(snapshot: SnapshotJson): string {
  const { holds, contentHashes, aliases } = snapshot
  return facts([
    ['name', snapshot.name],
    ['id', snapshot.id],
    ['of', originText(snapshot)],
    ...(snapshot.scope === 'store'
      ? [['collections', snapshot.collections.map(({ name }) => name).join(', ')] as const]
      : []),
    ...Object.entries(aliases).map(([alias, target]) => ['alias', `${alias} -> ${target}`] as const),
    ['seq', String(snapshot.seq)],
    ['created', timeText(snapshot.createdAt)],
    ['reason', snapshot.reason],
    ['description', snapshot.description],
    ['labels', labelsText(snapshot.labels)],
    ['sealed', snapshot.isSealed ? 'yes' : 'not yet: the log holds it'],
    ...holds.map((hold) => ['hold', `${hold.id}  until ${untilText(hold.until)}  ${hold.reason}`] as const),
    ['verified', checkText(snapshot.verified)],
    ['drilled', checkText(snapshot.drilled)],
    ...Object.entries(contentHashes).map(([name, hash]) => ['content', `${name} ${hash}`] as const),
  ])
}

export function untilText(until: number | null): string {
  return until === null ? 'it is released' : timeText(until)
}

function checkText(mark: SnapshotJson['verified']): string {
  if (mark === null) return 'never'
  if (mark.ok) return `${timeText(mark.at)}, nothing wrong`
  return `${timeText(mark.at)}: ${mark.problems.join('; ')}`
}
