import { createHash } from 'node:crypto'

/** An answer of Qdrant's REST API. */
export interface RestAnswer {
  readonly status: number
  /** The parsed body; undefined if it is not JSON. */
  readonly json: { readonly result?: unknown; readonly status?: unknown } | undefined
  readonly text: string
}

export async function rest(url: string, method: string, path: string, body?: unknown): Promise<RestAnswer> {
  const answer = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false
  return { status: answer.status, json: isJson ? JSON.parse(text) : undefined, text }
}

/** The `result` of a request that must succeed. */
export async function call<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const { status, json, text } = await rest(url, method, path, body)
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`)
  return json?.result as T
}

export interface SnapshotDescription {
  readonly name: string
  readonly size: number
  readonly checksum?: string
}

export async function download(url: string, path: string): Promise<{ bytes: Uint8Array; sha256: string }> {
  const answer = await fetch(url + path)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${new TextDecoder().decode(bytes)}`)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A small collection of four dimensions with points 1 to `count`. */
export async function makeCollection(url: string, name: string, count: number): Promise<void> {
  await call(url, 'PUT', `/collections/${name}`, { vectors: { size: 4, distance: 'Dot' } })
  const points = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    vector: [i, 1, 0, -i],
    payload: { n: i + 1 },
  }))
  await call(url, 'PUT', `/collections/${name}/points?wait=true`, { points })
}

export async function countPoints(url: string, name: string): Promise<number> {
  return (await call<{ count: number }>(url, 'POST', `/collections/${name}/points/count`, { exact: true }))
    .count
}

export async function collectionNames(url: string): Promise<readonly string[]> {
  const { collections } = await call<{ collections: { name: string }[] }>(url, 'GET', '/collections')
  return collections.map(({ name }) => name).sort()
}
