import { Command, Option } from 'commander'
import { append } from './command.ts'

export interface ServeFlags {
  readonly host?: string
  readonly httpPort?: string
  readonly grpcPort?: string
  readonly milvusPort?: string
  readonly storagePath?: string
  readonly snapshotsPath?: string
  readonly tempPath?: string
  readonly configPath?: string
  readonly logLevel?: string
  readonly snapshot: readonly string[]
  /** Another name for the same. */
  readonly collectionSnapshot: readonly string[]
  readonly storageSnapshot?: string
  readonly forceSnapshot: boolean
}

/** `onExit` gets the exit code when the command is over. */
export function serveCommand(onExit: (exitCode: number) => void): Command {
  return (
    new Command('serve')
      .description('Run the server.')
      .option('--host <ADDRESS>', 'address to listen on (default 127.0.0.1: this machine only)')
      .option('--http-port <PORT>', "port of Qdrant's REST API (default 6333)")
      .option('--grpc-port <PORT>', "port of Qdrant's gRPC API (default 6334)")
      .option('--milvus-port <PORT>', "port of Milvus' gRPC API (default 19530)")
      .option('--storage-path <PATH>', 'folder of the database (default ./storage)')
      .option('--snapshots-path <PATH>', 'folder of the .snapshot files (default ./snapshots)')
      .option('--temp-path <PATH>', 'accepted for compatibility; nothing is written there')
      .option('--config-path <PATH>', 'a YAML file of settings, after config/config.yaml')
      .option('--log-level <LEVEL>', 'ERROR, INFO or DEBUG (default INFO)')
      .option('--snapshot <PATH:NAME>', 'restore a collection before listening; may be repeated', append, [])
      .addOption(new Option('--collection-snapshot <PATH:NAME>').argParser(append).default([]).hideHelp())
      .option('--storage-snapshot <PATH>', 'restore all collections and aliases before listening')
      .option('-f, --force-snapshot', 'let these replace what exists', false)
      // Flags of Qdrant's that mean nothing on a single node that sends no telemetry.
      .addOption(new Option('--uri <URI>').hideHelp())
      .addOption(new Option('--bootstrap <URI>').hideHelp())
      .addOption(new Option('--reinit').hideHelp())
      .addOption(new Option('--disable-telemetry').hideHelp())
      .addOption(new Option('--stacktrace').hideHelp())
      .allowExcessArguments(false)
      .action(async (flags: ServeFlags) => {
        // Commands that only ask a server need none of what a server is made of.
        const { runServer } = await import('./serve/run-server.ts')
        onExit(await runServer(flags))
      })
  )
}
