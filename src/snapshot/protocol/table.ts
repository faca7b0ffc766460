// Equal values get equal numbers, so that a whole world can be compared by a few of them.

const numbers = new Map<string, number>()
const known = new WeakMap<object, number>()

function numberOfText(text: string): number {
  let number = numbers.get(text)
  if (number === undefined) numbers.set(text, (number = numbers.size))
  return number
}

/** Of an immutable value; what it consists of keeps its number, so that only what is new is looked at. */
export function numberOf(value: object): number {
  let number = known.get(value)
  if (number === undefined) known.set(value, (number = numberOfText(textOf(value))))
  return number
}

function textOf(value: object): string {
  let text = Array.isArray(value) ? '[' : '{'
  for (const [key, part] of Object.entries(value) as [string, unknown][]) {
    const shown = typeof part === 'object' && part !== null ? `#${numberOf(part)}` : String(part)
    text += `${key}:${shown},`
  }
  return text
}

/** A map of immutable values whose copies share what nobody has changed. */
export class Table<V extends object | number> {
  #map: Map<string, V>
  #isShared = false
  #number: number | undefined

  constructor(entries: Iterable<readonly [string, V]> = []) {
    this.#map = new Map(entries)
  }

  copy(): Table<V> {
    const copy = new Table<V>()
    copy.#map = this.#map
    copy.#number = this.#number ?? this.number
    copy.#isShared = this.#isShared = true
    return copy
  }

  /** Equal tables have equal numbers, in whatever order they were filled. */
  get number(): number {
    if (this.#number !== undefined) return this.#number
    let text = ''
    for (const key of [...this.#map.keys()].sort()) {
      const value = this.#map.get(key)!
      text += `${key}=${typeof value === 'number' ? value : numberOf(value)};`
    }
    return (this.#number = numberOfText(text))
  }

  get size(): number {
    return this.#map.size
  }

  get(key: string): V | undefined {
    return this.#map.get(key)
  }

  has(key: string): boolean {
    return this.#map.has(key)
  }

  keys(): Iterable<string> {
    return this.#map.keys()
  }

  values(): Iterable<V> {
    return this.#map.values()
  }

  [Symbol.iterator](): Iterator<[string, V]> {
    return this.#map[Symbol.iterator]()
  }

  set(key: string, value: V): void {
    this.#own().set(key, value)
  }

  delete(key: string): void {
    if (this.#map.has(key)) this.#own().delete(key)
  }

  clear(): void {
    if (this.#map.size > 0) this.#own().clear()
  }

  #own(): Map<string, V> {
    if (this.#isShared) this.#map = new Map(this.#map)
    this.#isShared = false
    this.#number = undefined
    return this.#map
  }
}
