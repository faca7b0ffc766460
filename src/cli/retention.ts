import { apiCommand, group } from './command.ts'
import { facts } from './table.ts'
import { durationText, parseDuration, timeText } from './words.ts'

interface RetentionJson {
  readonly windowMs: number
  readonly horizon: number
  readonly horizonTime: number | null
}

function retentionFacts({ windowMs, horizon, horizonTime }: RetentionJson): string {
  if (windowMs === 0) return 'off: the past is kept by snapshots only'
  return facts([
    ['window', durationText(windowMs)],
    ['reaches back to', `seq:${horizon}  ${timeText(horizonTime)}`],
  ])
}

const showCommand = apiCommand<object>(
  'show',
  'How far back any moment can be read.',
  (command) => command,
  async (api, output) => output.show(await api.call<RetentionJson>('GET', '/retention'), retentionFacts),
)

const setCommand = apiCommand<object>(
  'set <window>',
  'Keep every moment from now on for so long, such as 36h or 7d; 0 lets the past go.',
  (command) => command,
  async (api, output, _flags, [window]) => {
    const body = { windowMs: parseDuration(window!) }
    output.show(await api.call<RetentionJson>('PUT', '/retention', { body }), retentionFacts)
  },
)

export const retentionCommand = group(
  'retention',
  'The window in which any moment of the past can be read.',
  [showCommand, setCommand],
)
