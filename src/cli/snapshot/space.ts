import { at } from '../api-client.ts'
import { apiCommand } from '../command.ts'
import { facts, table } from '../table.ts'
import { bytesText } from '../words.ts'

interface Space {
  readonly bytes: number
  readonly exclusiveBytes: number
  readonly freedByDelete: number
}

interface Report {
  readonly liveBytes: number
  readonly snapshotBytes: number
  readonly totalBytes: number
  readonly snapshots: readonly (Omit<Space, 'freedByDelete'> & {
    readonly id: string
    readonly name: string
  })[]
}

export const spaceCommand = apiCommand<object>(
  'space [snapshots...]',
  'What all snapshots take; what one takes and would free; what several would free together.',
  (command) => command,
  async (api, output, _flags, snapshots) => {
    const [first, second] = snapshots
    if (first === undefined) return output.show(await api.call<Report>('GET', '/space'), reportText)
    if (second === undefined) {
      return output.show(await api.call<Space>('GET', at`/snapshots/${first}/space`), ({ bytes, ...space }) =>
        facts([
          ['refers to', bytesText(bytes)],
          ['alone holds', bytesText(space.exclusiveBytes)],
          ['deleting it frees', `${bytesText(space.freedByDelete)} (${space.freedByDelete} bytes)`],
        ]),
      )
    }
    const query = { snapshot: snapshots }
    output.show(
      await api.call<{ readonly bytes: number }>('GET', '/space/freed-by', { query }),
      ({ bytes }) => `deleting these ${snapshots.length} frees ${bytesText(bytes)} (${bytes} bytes)`,
    )
  },
)

function reportText({ liveBytes, snapshotBytes, totalBytes, snapshots }: Report): string {
  const totals = facts([
    ['collections', bytesText(liveBytes)],
    ['snapshots', bytesText(snapshotBytes)],
    ['together', bytesText(totalBytes)],
  ])
  if (snapshots.length === 0) return totals
  const rows = table(snapshots, [
    { title: 'NAME', text: ({ name }) => name },
    { title: 'REFERS TO', text: ({ bytes }) => bytesText(bytes), isNumber: true },
    { title: 'ALONE', text: ({ exclusiveBytes }) => bytesText(exclusiveBytes), isNumber: true },
    { title: 'ID', text: ({ id }) => id },
  ])
  return `${totals}\n\n${rows}`
}
