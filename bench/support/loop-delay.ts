import type { HttpClient } from './http-client.ts'

/** What the server's histogram of its event loop adds to every value. */
const loopStepMs = 10

/** How late a server of ours was to look at its event loop, in ms: the 99th percentile since this was asked last. */
export async function loopDelayOf(http: HttpClient): Promise<number> {
  const text = await http.text('GET', '/metrics')
  const seconds = /^stillpoint_nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]
  if (seconds === undefined) throw new Error('The metrics do not say how late the event loop was')
  return Math.max(0, Number(seconds) * 1_000 - loopStepMs)
}
