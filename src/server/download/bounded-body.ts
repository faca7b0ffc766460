import type { IncomingMessage } from 'node:http'
import { DatabaseError } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'

/** What a body may cost before it is given up. */
export interface BodyBounds {
  readonly bytesMax: number
  /** Milliseconds of waiting in which `bytesMin` bytes have to come. */
  readonly windowMs: number
  readonly bytesMin: number
  readonly clock: Clock
}

/**
 * The body, up to a size, and faster than a trickle: a server that sends one byte now and then would hold a restore
 * open for ever. Only time in which somebody waits for bytes counts, so that a slow reader is no fault of the server.
 * @throws download-refused
 */
export async function* boundedBody(
  message: IncomingMessage,
  shown: string,
  bounds: BodyBounds,
  onWaiting: (isWaiting: boolean) => void,
): AsyncGenerator<Uint8Array> {
  const { clock, bytesMax, bytesMin, windowMs } = bounds
  refuseAnnounced(message, shown, bytesMax)
  const chunks = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let bytes = 0
  let window = { waitedMs: 0, bytes: 0 }
  for (;;) {
    const start = clock.monotonic()
    onWaiting(true)
    const next = await chunks.next()
    onWaiting(false)
    if (next.done === true) break
    bytes += next.value.byteLength
    if (bytes > bytesMax) throw tooLarge(shown, bytesMax)
    window = {
      waitedMs: window.waitedMs + clock.monotonic() - start,
      bytes: window.bytes + next.value.byteLength,
    }
    if (window.waitedMs >= windowMs) {
      if (window.bytes < bytesMin) throw tooSlow(shown, window)
      window = { waitedMs: 0, bytes: 0 }
    }
    yield next.value
  }
}

function refuseAnnounced({ headers }: IncomingMessage, shown: string, bytesMax: number): void {
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLarge(shown, bytesMax)
}

function tooLarge(url: string, bytesMax: number): DatabaseError {
  return new DatabaseError(
    'download-refused',
    `Cannot download ${url}: it has more than ${bytesMax} bytes (service.snapshot_url_max_mb)`,
    { url, bytesMax },
  )
}

function tooSlow(url: string, { waitedMs, bytes }: { waitedMs: number; bytes: number }): DatabaseError {
  const text = `Cannot download ${url}: only ${bytes} bytes have come in ${Math.round(waitedMs / 1_000)} seconds`
  return new DatabaseError('download-refused', text, { url })
}
