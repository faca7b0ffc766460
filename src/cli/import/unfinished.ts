import { at } from '../api-client.ts'
import { apiCommand } from '../command.ts'
import { table } from '../table.ts'

interface Unfinished {
  readonly copies: readonly {
    readonly into: string
    readonly source: string
    readonly collection: string
    readonly copiedPoints: number
  }[]
}

export const listCommand = apiCommand<object>(
  'list',
  'Copies that are not complete: they go on when the same is asked for again.',
  (command) => command,
  async (api, output) => {
    output.show(await api.call<Unfinished>('GET', '/imports/qdrant'), ({ copies }) =>
      copies.length === 0
        ? 'no unfinished copies'
        : table(copies, [
            { title: 'INTO', text: ({ into }) => into },
            { title: 'POINTS', text: ({ copiedPoints }) => String(copiedPoints), isNumber: true },
            { title: 'COLLECTION', text: ({ collection }) => collection },
            { title: 'SOURCE', text: ({ source }) => source },
          ]),
    )
  },
)

export const discardCommand = apiCommand<object>(
  'discard <name>',
  'Give up a copy that is not complete; nothing of it is left.',
  (command) => command,
  async (api, output, _flags, [name]) => {
    await api.call('DELETE', at`/imports/qdrant/${name!}`)
    output.show({ discarded: name! }, ({ discarded }) => `discarded ${discarded}`)
  },
)
