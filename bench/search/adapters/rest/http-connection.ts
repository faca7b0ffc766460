import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

const endOfHead = Buffer.from('\r\n\r\n')

/**
 * One kept connection for one request at a time. Requests are bytes made beforehand and answers are hardly looked at:
 * a client library would take as much time as the server that it measures.
 */
export class HttpConnection {
  readonly #socket: Socket
  #pending: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined
  #received: Buffer = Buffer.alloc(0)

  static async connect(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve()).once('error', reject)
    })
    return new HttpConnection(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('The server closed the connection')))
  }

  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf(endOfHead)
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      this.#fail(new Error(`An answer without a length:\n${head}`))
      return
    }
    const bodyEnd = headEnd + endOfHead.length + Number(length)
    if (this.#received.length < bodyEnd) return
    const body = this.#received.subarray(headEnd + endOfHead.length, bodyEnd)
    this.#received = this.#received.subarray(bodyEnd)
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve({ status: Number(head.slice(9, 12)), body })
  }

  #fail(error: Error): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.reject(error)
  }
}

/** The bytes of a request with a JSON body. */
export function requestBytes(method: string, path: string, body: string): Buffer {
  const head =
    `${method} ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}
