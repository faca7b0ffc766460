import { systemEnvironment } from '../runtime/environment.ts'
import { ApiClient } from './api-client.ts'
import { misused } from './cli-error.ts'

export interface ConnectFlags {
  readonly url?: string
  readonly apiKey?: string
  readonly storagePath?: string
  /** Much is written to the store, which is made if it is not there. */
  readonly isWritten?: boolean
}

const urlDefault = 'http://127.0.0.1:6333'

/**
 * Runs a command against a server, or against a store that no server has open: then against the same API, served by
 * this process on a port and with a key that nobody else knows, until the command has ended.
 */
export async function withApi<T>(flags: ConnectFlags, command: (api: ApiClient) => Promise<T>): Promise<T> {
  const environment = systemEnvironment()
  if (flags.storagePath === undefined) {
    const url = flags.url ?? environment['STILLPOINT_URL'] ?? urlDefault
    if (!/^https?:\/\//.test(url)) throw misused(`Cannot use --url ${url}: it is no http or https URL`)
    return command(new ApiClient(url, flags.apiKey ?? environment['STILLPOINT_API_KEY']))
  }
  if (flags.url !== undefined)
    throw misused('Give --url for a server or --storage-path for a store, not both')
  // The engine is loaded for those only who need it here.
  const { withStore } = await import('./local-store.ts')
  return withStore(flags.storagePath, command, flags.isWritten === true)
}
