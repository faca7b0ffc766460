import { runInputs } from './run-inputs.ts'

export type ChildMessage =
  | { readonly kind: 'input'; readonly index: number }
  | {
      readonly kind: 'finding'
      readonly index: number
      readonly what: string
      readonly changes: readonly string[]
      /** By name, in base 64. */
      readonly files: Readonly<Record<string, string>>
    }
  | { readonly kind: 'done'; readonly outcomes: readonly (readonly [string, number])[] }

const send = (message: ChildMessage): void => void process.send!(message)
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

process.once('message', ({ seed, from, to }: { seed: number; from: number; to: number }) => {
  void runInputs({
    seed,
    from,
    to,
    onInput: (index) => send({ kind: 'input', index }),
    onFinding: ({ index, what, changes, bytes, bases = [] }) => {
      const files = {
        ...(bytes && { 'archive.snapshot': textOf(bytes) }),
        ...Object.fromEntries(bases.map((base, place) => [`base-${place}.snapshot`, textOf(base)])),
      }
      send({ kind: 'finding', index, what, changes, files })
    },
  }).then(({ outcomes }) => {
    send({ kind: 'done', outcomes: [...outcomes] })
    process.disconnect()
  })
})
