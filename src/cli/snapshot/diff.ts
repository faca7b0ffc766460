import { parseJson, stringifyJson, type JsonValue } from '../../encoding/json.ts'
import type { PointId } from '../../index.ts'
import { CliError } from '../cli-error.ts'
import { apiCommand } from '../command.ts'
import { whileInterruptible } from './interrupt.ts'

interface DiffFlags {
  readonly points?: boolean
  readonly countsOnly?: boolean
}

interface Counts {
  readonly from: { readonly reference: string; readonly seq: number }
  readonly to: { readonly reference: string; readonly seq: number }
  readonly counts: Readonly<Record<'added' | 'removed' | 'changed' | 'unchanged', number>>
}

interface Difference {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly id: PointId
  readonly vectors: readonly string[]
  readonly payload: boolean
  readonly before?: JsonValue
  readonly after?: JsonValue
}

export const diffCommand = apiCommand<DiffFlags>(
  'diff <from> <to>',
  'What differs between <collection>, …@<snapshot>, …@<time> or …@seq:<n>: counts, then each point.',
  (command) =>
    command
      .option('--points', 'with vectors and payload from before and after')
      .option('--counts-only', 'without the points'),
  async (api, output, { points, countsOnly }, [from, to]) => {
    await whileInterruptible('there is more', async (signal) => {
      const response = await api.open('GET', '/diff', { query: { from, to, points, countsOnly }, signal })
      let isFirst = true
      for await (const line of linesOf(response)) {
        const value = parseJson(line)
        if (isFirst) await output.line(value as unknown as Counts, countsText)
        else await output.line(value as unknown as Difference, differenceText)
        isFirst = false
      }
      if (isFirst) throw new CliError('The server answered nothing')
    })
  },
)

function countsText({ from, to, counts }: Counts): string {
  const { added, removed, changed, unchanged } = counts
  return [
    `from ${from.reference} (seq ${from.seq}) to ${to.reference} (seq ${to.seq})`,
    `${added} added, ${removed} removed, ${changed} changed, ${unchanged} unchanged`,
  ].join('\n')
}

const signs = { added: '+', removed: '-', changed: '~' } as const

function differenceText({ kind, id, vectors, payload, before, after }: Difference): string {
  const parts = [
    ...vectors.map((name) => (name === '' ? 'vector' : `vector ${name}`)),
    ...(payload ? ['payload'] : []),
  ]
  const head = `${signs[kind]} ${String(id)}${kind === 'changed' ? `  ${parts.join(', ')}` : ''}`
  const side = (sign: string, value: JsonValue | undefined): readonly string[] =>
    value === undefined ? [] : [`    ${sign} ${stringifyJson(value)}`]
  return [head, ...side('-', before), ...side('+', after)].join('\n')
}

/** As they come: a diff may be larger than the memory. */
async function* linesOf(response: Response): AsyncIterable<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  // Every line ends with a line feed: what does not was cut off.
  if (rest !== '') throw new CliError('The answer of the server is cut off')
}
