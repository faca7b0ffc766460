import { CliError, exitInterrupted } from '../cli-error.ts'

/** The first Ctrl-C aborts the action; the second one ends this process as ever. @throws CliError if it was aborted */
export async function whileInterruptible<T>(
  whatThen: string,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  process.once('SIGINT', stop)
  try {
    return await action(abort.signal)
  } catch (error) {
    if (abort.signal.aborted) throw new CliError(`Interrupted: ${whatThen}`, exitInterrupted)
    throw error
  } finally {
    process.off('SIGINT', stop)
  }
}
