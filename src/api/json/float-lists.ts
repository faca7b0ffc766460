import type { Loan } from '../../runtime/kept-memory.ts'
import { floatTextBase64 } from './float-text.generated.ts'

/** The exports of assembly/float-text.ts. Addresses and lengths are bytes. */
interface Kernel {
  heapBase(): number
  /** Gives the count of numbers, or -1. */
  readFloats(from: number, end: number, out: number): number
}

interface Loaded {
  readonly kernel: Kernel
  readonly bytes: Uint8Array
  readonly floats: Float32Array
  readonly textAt: number
}

// A list of 65,536 dimensions with nine digits each.
const textBytesMax = 2 ** 20
const paddingBytes = 32
const bracket = 91
const closeBracket = 93
const chunkFloatsMax = 65_536

let loaded: Loaded | undefined

function load(): Loaded {
  // Of text that is as short as can be, each two bytes are a number.
  const pages = (textBytesMax + paddingBytes + textBytesMax * 2) / 65_536 + 2
  const memory = new WebAssembly.Memory({ initial: Math.ceil(pages) })
  const module = new WebAssembly.Module(Buffer.from(floatTextBase64, 'base64'))
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel
  const textAt = Math.ceil(kernel.heapBase() / 16) * 16
  const outAt = textAt + textBytesMax + paddingBytes
  const room = Math.floor((memory.buffer.byteLength - outAt) / 4)
  const floats = new Float32Array(memory.buffer, outAt, room)
  return { kernel, bytes: new Uint8Array(memory.buffer), floats, textAt }
}

/**
 * Turns lists of numbers in a text into floats as they are read, without the texts, doubles and arrays in between. The
 * result is that of the long way: from the decimal to the nearest double, and from there to the nearest float.
 */
export class FloatLists {
  readonly #text: Buffer
  readonly #loan: Loan | undefined
  readonly #loaded: Loaded
  #end = 0
  /** Where the next floats go. A chunk is given out piece by piece, so that a thousand vectors are not a thousand buffers. */
  #chunk = new Float32Array(0)
  #used = 0

  /** Floats of a long text lie in memory of the loan, if there is one: until it ends. */
  constructor(text: Buffer, loan?: Loan) {
    this.#text = text
    this.#loan = loan
    this.#loaded = loaded ??= load()
  }

  /** Where the text goes on behind the list that was read last. */
  get end(): number {
    return this.#end
  }

  /** For a list of lists: it ends behind the last of them. */
  skipTo(end: number): void {
    this.#end = end
  }

  /** The list that begins at `at`; undefined if it is empty or anything but finite numbers. */
  read(at: number): Float32Array | undefined {
    const text = this.#text
    if (text[at] !== bracket) return undefined
    const end = text.indexOf(closeBracket, at) + 1
    if (end === 0) return undefined
    this.#end = end
    const count = end - at > textBytesMax ? -1 : this.#readFast(at + 1, end)
    if (count <= 0) return readWithCare(text.toString('latin1', at, end))
    return this.#keep(this.#loaded.floats.subarray(0, count))
  }

  #readFast(from: number, end: number): number {
    const { kernel, bytes, textAt, floats } = this.#loaded
    const textEnd = textAt + end - from
    bytes.set(this.#text.subarray(from, end), textAt)
    bytes.fill(0, textEnd, textEnd + paddingBytes)
    return kernel.readFloats(textAt, textEnd, floats.byteOffset)
  }

  #keep(values: Float32Array): Float32Array {
    if (this.#used + values.length > this.#chunk.length) {
      const left = Math.ceil((this.#text.length - this.#end) / 4)
      const length = values.length + Math.min(left, chunkFloatsMax)
      const memory = this.#loan?.take(length * 4)
      this.#chunk = memory === undefined ? new Float32Array(length) : new Float32Array(memory, 0, length)
      this.#used = 0
    }
    const kept = this.#chunk.subarray(this.#used, this.#used + values.length)
    kept.set(values)
    this.#used += values.length
    return kept
  }
}

function readWithCare(text: string): Float32Array | undefined {
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    // Whoever needs to know what is wrong parses the whole.
    return undefined
  }
  const isList = Array.isArray(values) && values.length > 0 && values.every(Number.isFinite)
  return isList ? Float32Array.from(values as number[]) : undefined
}
