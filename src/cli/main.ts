import { Command, CommanderError } from 'commander'
import { exitCodes } from '../server/startup-error.ts'
import { version } from '../server/version.ts'
import { serveCommand } from './serve.ts'

/** Runs the command line and gives the exit code; undefined while a command goes on, as a server does. */
export async function main(args: readonly string[]): Promise<number | undefined> {
  let exitCode: number | undefined
  const program = new Command('stillpoint')
    .description('A vector database built around its snapshots.')
    .version(version)
    .addCommand(serveCommand((code) => (exitCode = code)))
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(inClapWords(text)) })
  }
  if (args.length === 0) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : exitCodes.usage
  }
  return exitCode
}

/** Scripts written for Qdrant look for its words when a flag is wrong. */
function inClapWords(text: string): string {
  return text
    .replace(/unknown option '(-[^']*)'/, "unexpected argument '$1' found")
    .replace(
      /option '(?:-\w, )?([^']*)' argument missing/,
      "a value is required for '$1' but none was supplied",
    )
}
