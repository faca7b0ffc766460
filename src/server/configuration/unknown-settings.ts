import { knownSettings } from './known-settings.ts'
import { isTree, type SettingsTree } from './settings-tree.ts'

export interface UnknownSetting {
  readonly key: string
  /** What was perhaps meant. */
  readonly nearest: string | undefined
}

const exact = new Set(knownSettings.filter(({ key }) => !key.endsWith('.*')).map(({ key }) => key))
const sections = knownSettings.filter(({ key }) => key.endsWith('.*')).map(({ key }) => key.slice(0, -1))

/** The settings that mean nothing here. */
export function unknownSettings(tree: SettingsTree): readonly UnknownSetting[] {
  return leavesOf(tree, '')
    .filter((key) => !isKnown(key))
    .map((key) => ({ key, nearest: nearestOf(key) }))
}

function isKnown(key: string): boolean {
  if (exact.has(key)) return true
  return sections.some((section) => key.startsWith(section) || `${key}.` === section)
}

function leavesOf(tree: SettingsTree, prefix: string): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const key = `${prefix}${name}`
    return isTree(value) && !exact.has(key) && Object.keys(value).length > 0
      ? leavesOf(value, `${key}.`)
      : [key]
  })
}

/** The known setting that is the fewest changes away; none if nearly everything would have to change. */
function nearestOf(key: string): string | undefined {
  const candidates = [...exact].map((known) => ({ known, changes: changesBetween(key, known) }))
  const [best] = candidates.sort((a, b) => a.changes - b.changes)
  return best !== undefined && best.changes <= Math.max(2, key.length / 3) ? best.known : undefined
}

/** Letters to insert, drop or replace. */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
