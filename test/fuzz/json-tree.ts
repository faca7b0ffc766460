/** JSON text as a tree that can also say what no value can: the same key twice, any number, any text at all. */
export type JsonNode =
  | { readonly kind: 'object'; members: [key: string, value: JsonNode][] }
  | { readonly kind: 'array'; items: JsonNode[] }
  /** The text as it will stand in the document. */
  | { readonly kind: 'text'; text: string }

export function treeOf(value: unknown): JsonNode {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) }
  if (typeof value === 'object' && value !== null)
    return { kind: 'object', members: Object.entries(value).map(([key, item]) => [key, treeOf(item)]) }
  return { kind: 'text', text: JSON.stringify(value) }
}

export function textOf(node: JsonNode): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'array':
      return `[${node.items.map(textOf).join(',')}]`
    case 'object':
      return `{${node.members.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`
  }
}

export interface JsonPlace {
  readonly path: string
  readonly node: JsonNode
  set(node: JsonNode): void
  /** Takes the member or item away. */
  remove(): void
  /** Puts another member or item behind it; a member has the same key unless another is given. */
  insert(node: JsonNode, key?: string): void
}

/** Every place of the document but its root. */
export function placesOf(root: JsonNode, path = ''): JsonPlace[] {
  if (root.kind === 'text') return []
  if (root.kind === 'array')
    return root.items.flatMap((node, index) => {
      const at = (): number => root.items.indexOf(node)
      const here = `${path}[${index}]`
      const place: JsonPlace = {
        path: here,
        node,
        set: (other) => void root.items.splice(at(), 1, other),
        remove: () => void root.items.splice(at(), 1),
        insert: (other) => void root.items.splice(at() + 1, 0, other),
      }
      return [place, ...placesOf(node, here)]
    })
  return root.members.flatMap((member) => {
    const [key, node] = member
    const at = (): number => root.members.indexOf(member)
    const here = `${path}.${key}`
    const place: JsonPlace = {
      path: here,
      node,
      set: (other) => void (member[1] = other),
      remove: () => void root.members.splice(at(), 1),
      insert: (other, name = key) => void root.members.splice(at() + 1, 0, [name, other]),
    }
    return [place, ...placesOf(node, here)]
  })
}
