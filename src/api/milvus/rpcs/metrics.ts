import { JsonSyntaxError, parseJson } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { invalidParameter, MilvusError } from '../status.ts'

interface MetricsRequest {
  /** JSON: `{"metric_type": "system_info"}`. */
  readonly request: string
}

const unsupported = 3_000
const name = 'standalone'

/** What this server says of itself, in the form in which a cluster tells of its nodes. @throws 1100, 3000 */
export function getMetrics(door: MilvusDoor, { request }: MetricsRequest): object {
  const type = metricType(request)
  if (type !== 'system_info')
    throw new MilvusError(unsupported, `metric type ${type} is not supported: unsupported operation`)
  const infos = {
    has_error: false,
    error_reason: '',
    name,
    system_info: { system_version: door.version, deploy_mode: 'STANDALONE' },
    type: name,
    id: 1,
  }
  const nodes = [{ identifier: 1, connected: [], infos }]
  return { component_name: name, response: JSON.stringify({ nodes_info: nodes }) }
}

function metricType(request: string): string {
  try {
    const { metric_type: type } = parseJson(Buffer.from(request)) as { metric_type?: unknown }
    if (typeof type === 'string') return type
  } catch (error) {
    if (!(error instanceof JsonSyntaxError || error instanceof TypeError)) throw error
  }
  throw invalidParameter('the request for metrics has no metric_type')
}
