import { once } from 'node:events'
import { Command } from 'commander'
import { stringifyJson, type JsonValue } from '../encoding/json.ts'
import type { ApiClient } from './api-client.ts'
import { withApi, type ConnectFlags } from './connect.ts'
import { followJob, type Job } from './follow-job.ts'

export interface CommonFlags extends ConnectFlags {
  readonly json?: boolean
}

/** What a command writes: with --json what the API gave, else a text for people. */
export interface Output {
  readonly isJson: boolean
  show<T>(value: T, text: (value: T) => string): void
  /** One of many: waits while the reader at the other end of a pipe is slower. */
  line<T>(value: T, text: (value: T) => string): Promise<void>
  /** Beside the answer, on stderr: not with --json. */
  note(text: string): void
  /** On one line of a terminal, which the next text replaces. */
  progress(text: string): void
  /** Waits for a job that is being started, with its progress; Ctrl-C cancels it. @throws CliError if it does not complete */
  follow<T>(api: ApiClient, starting: Promise<Job>): Promise<T>
}

export type Action<F> = (api: ApiClient, output: Output, flags: F, args: readonly string[]) => Promise<void>

/** A command that talks to a server or to a store. `args` as commander has them: `<name>`, `[name]`, `<names...>`. */
export function apiCommand<F extends object>(
  usage: string,
  description: string,
  define: (command: Command) => Command,
  action: Action<F & CommonFlags>,
): Command {
  const [name, ...args] = usage.split(' ')
  const command = new Command(name).description(description).allowExcessArguments(false)
  if (args.length > 0) command.arguments(args.join(' '))
  return define(command)
    .option('--url <URL>', 'of the server (default $STILLPOINT_URL or http://127.0.0.1:6333)')
    .option('--api-key <KEY>', 'of the server (default $STILLPOINT_API_KEY)')
    .option('--storage-path <PATH>', 'a store that no server has open, instead of a server')
    .option('--json', 'print what the API gave')
    .action(async (...given: readonly unknown[]) => {
      const flags = given.at(-2) as F & CommonFlags
      const values = (given.slice(0, -2) as (string | readonly string[] | undefined)[]).flatMap(
        (arg) => arg ?? [],
      )
      // Whoever reads from us has seen enough, as `head` has.
      process.stdout.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
        process.exit(0)
      })
      await withApi(flags, (api) => action(api, outputOf(flags.json === true), flags, values))
    })
}

export function group(name: string, description: string, commands: readonly Command[]): Command {
  const command = new Command(name).description(description)
  for (const one of commands) command.addCommand(one)
  return command
}

/** For options that may be repeated. */
export function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

export function outputOf(isJson: boolean): Output {
  return {
    isJson,
    show: (value, text) => {
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
      process.stdout.write(`${isJson ? stringifyJson(value as JsonValue) : text(value)}\n`)
    },
    line: async (value, text) => {
      const line = `${isJson ? stringifyJson(value as JsonValue) : text(value)}\n`
      if (!process.stdout.write(line)) await once(process.stdout, 'drain')
    },
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
    },
    note: (text) => {
      if (!isJson) process.stderr.write(`${text}\n`)
    },
    follow: (api, starting) => followJob(api, starting, process.stderr),
  }
}
