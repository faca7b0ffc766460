/** Settings as they come from files, variables and flags, before anybody knows which of them mean something. */
export interface SettingsTree {
  readonly [key: string]: unknown
}

export function isTree(value: unknown): value is SettingsTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `over` wins, branch by branch; null in `over` counts as a value. */
export function mergeTrees(base: SettingsTree, over: SettingsTree): SettingsTree {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    const old = merged.get(key)
    merged.set(key, isTree(old) && isTree(value) ? mergeTrees(old, value) : value)
  }
  return Object.fromEntries(merged)
}

/** The value under a dotted path, undefined where a branch is missing. */
export function valueAt(tree: SettingsTree, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (branch, key) => (isTree(branch) && Object.hasOwn(branch, key) ? branch[key] : undefined),
      tree,
    )
}

/** `service.http_port` and 6333 give `{ service: { http_port: 6333 } }`. */
export function treeOf(path: readonly string[], value: unknown): SettingsTree {
  return path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value) as SettingsTree
}

/** Variables `PREFIX__SECTION__KEY` as a tree: names in lower case, numbers and booleans as such. */
export function environmentTree(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): SettingsTree {
  const start = `${prefix}__`
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(start) && value !== undefined)
    .map(([name, value]) => treeOf(name.slice(start.length).toLowerCase().split('__'), scalarOf(value ?? '')))
    .reduce(mergeTrees, {})
}

/** Only text that a number or boolean would give back as written is taken for one, so that a key `007` stays text. */
function scalarOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return text !== '' && String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text
}
