import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Cancelled, cancellable } from '../scripts/terminal/cancellation.ts'
import { OwnServer } from '../scripts/terminal/own-server.ts'
import { repositoryRoot } from '../test/support/source-files.ts'
import { tellStory } from './story.ts'

const usage = `npm run demo [-- --keep]

Indexes the README files of the installed packages, takes a snapshot, damages the collection, recovers it and proves
that everything is back. Runs a server of its own in a temporary folder.

  --keep   leave that folder behind, and say where it is`

const { values: flags } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
if (flags.help) console.log(usage)
else process.exitCode = await run(flags.keep)

async function run(keep: boolean): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'stillpoint-demo-'))
  const server = new OwnServer(home)
  try {
    const failed = await cancellable(
      (signal) => tellStory({ server, signal, packagesRoot: repositoryRoot }),
      () => server.killNow(),
    )
    return failed instanceof Cancelled ? failed.exitCode : failed === 0 ? 0 : 1
  } catch (error) {
    console.error(error, `\n${server.log()}`)
    return 1
  } finally {
    await server.end()
    if (keep) console.log(`\nKept: ${home}\nServe it: ${serveCommand(home)}`)
    else await rm(home, { recursive: true, force: true })
  }
}

function serveCommand(home: string): string {
  const flags = `--storage-path ${join(home, 'storage')} --snapshots-path ${join(home, 'snapshots')}`
  return `npm start -- ${flags}`
}
