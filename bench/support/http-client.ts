import { Agent, request, type IncomingMessage } from 'node:http'

/** Requests over kept connections, with as little of a client as possible between the load and the server. */
export class HttpClient {
  readonly #agent: Agent
  readonly #url: URL

  constructor(url: string, connections: number) {
    this.#url = new URL(url)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** The `result` of the answer. @throws unless the status is one of success */
  async call<T>(method: string, path: string, body?: string | Uint8Array): Promise<T> {
    const text = await this.text(method, path, body)
    return (JSON.parse(text) as { result: T }).result
  }

  get url(): string {
    return this.#url.origin
  }

  /** @throws unless the status is one of success */
  async text(method: string, path: string, body?: string | Uint8Array): Promise<string> {
    const answer = await this.#send(method, path, body)
    const text = await textOf(answer)
    const status = answer.statusCode ?? 0
    if (status < 200 || status > 299) {
      throw new Error(`${method} ${path}: ${String(answer.statusCode)} ${text.slice(0, 500)}`)
    }
    return text
  }

  /** Reads the answer to its end and gives each chunk to `onChunk`. @returns how many bytes came */
  async download(path: string, onChunk: (chunk: Buffer) => void = () => {}): Promise<number> {
    const answer = await this.#send('GET', path)
    if (answer.statusCode !== 200) {
      throw new Error(`GET ${path}: ${String(answer.statusCode)} ${await textOf(answer)}`)
    }
    let bytes = 0
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      onChunk(chunk)
    })
    await ended(answer)
    const promised = Number(answer.headers['content-length'] ?? bytes)
    if (bytes !== promised) throw new Error(`GET ${path}: ${bytes} bytes came, ${promised} were promised`)
    return bytes
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(method: string, path: string, body?: string | Uint8Array): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = {}
      if (body !== undefined) {
        headers['content-type'] = 'application/json'
        headers['content-length'] = Buffer.byteLength(body)
      }
      const { hostname, port } = this.#url
      const sent = request({ hostname, port, method, path, headers, agent: this.#agent })
      sent.on('response', resolve).on('error', reject)
      sent.end(body)
    })
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  answer.on('data', (chunk: Buffer) => chunks.push(chunk))
  await ended(answer)
  return Buffer.concat(chunks).toString()
}

function ended(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    answer.on('end', resolve).on('error', reject)
    answer.on('aborted', () => reject(new Error('The connection broke in the middle of an answer')))
  })
}
