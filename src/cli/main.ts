import { Command, CommanderError } from 'commander'
import { DatabaseError } from '../errors/database-error.ts'
import { exitCodes } from '../server/startup-error.ts'
import { version } from '../server/version.ts'
import { archiveCommand } from './archive.ts'
import { CliError } from './cli-error.ts'
import { collectionCommand } from './collection.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { jobCommand } from './job.ts'
import { policyCommand } from './policy.ts'
import { retentionCommand } from './retention.ts'
import { serveCommand } from './serve.ts'
import { snapshotCommand } from './snapshot.ts'

/** Runs the command line and gives the exit code; undefined while a command goes on, as a server does. */
export async function main(args: readonly string[]): Promise<number | undefined> {
  let exitCode: number | undefined
  const program = new Command('stillpoint')
    .description('A vector database built around its snapshots.')
    .version(version)
    .addCommand(serveCommand((code) => (exitCode = code)))
    .addCommand(snapshotCommand)
    .addCommand(policyCommand)
    .addCommand(collectionCommand)
    .addCommand(retentionCommand)
    .addCommand(archiveCommand)
    .addCommand(exportCommand)
    .addCommand(importCommand)
    .addCommand(jobCommand)
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(inClapWords(text)) })
  }
  if (args.length === 0) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage
    return failed(error)
  }
  return exitCode
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

/** Says why; what is a fault of ours goes on with its stack. */
function failed(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`error: ${error.message}\n`)
    return error.exitCode
  }
  if (!(error instanceof DatabaseError)) throw error
  process.stderr.write(`error: ${error.message} [${error.code}]\n`)
  return exitCodes.failure
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
