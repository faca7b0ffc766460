import { constants } from 'node:os'

/** Thrown by work that stopped because somebody pressed Ctrl-C. */
export class Cancelled extends Error {
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('cancelled')
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * A signal that SIGINT and SIGTERM abort, with a `Cancelled` as its reason; `work` is to stop at its next step and to
 * clean up. A second SIGINT runs `force` and ends the process at once.
 */
export async function cancellable<T>(
  work: (signal: AbortSignal) => Promise<T>,
  force: () => void,
): Promise<T | Cancelled> {
  const controller = new AbortController()
  const cancel = (signal: 'SIGINT' | 'SIGTERM') => {
    const cancelled = new Cancelled(signal)
    if (controller.signal.aborted) {
      force()
      process.exit(cancelled.exitCode)
    }
    console.error('\ncancelling; once more to stop at once')
    controller.abort(cancelled)
  }
  process.on('SIGINT', cancel).on('SIGTERM', cancel)
  try {
    return await work(controller.signal)
  } catch (error) {
    // Ctrl-C reaches the server too, so that what fails first may be a request to it.
    if (controller.signal.aborted) return controller.signal.reason as Cancelled
    throw error
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel)
  }
}
