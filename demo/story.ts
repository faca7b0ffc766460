import { QdrantClient } from '@qdrant/js-client-rest'
import type { OwnServer } from '../scripts/terminal/own-server.ts'
import { hashContent, type Content } from './content-hash.ts'
import { Embedding, methodInWords } from './embedding.ts'
import { collection, Library, searchableText, type Hit } from './library.ts'
import { findReadmes, readPassages, type Passage } from './passages.ts'
import { inBytes, inMs, printAnswers, printFact, printStep, Proofs, timed } from './report.ts'

const questions = [
  'How do I draw a progress bar in the terminal?',
  'How do I read a Parquet file in the browser?',
  'How do I parse command line options?',
]

export interface Stage {
  readonly server: OwnServer
  readonly signal: AbortSignal
  /** The folder that has `node_modules`. */
  readonly packagesRoot: string
}

interface State {
  readonly content: Content
  readonly answers: readonly (readonly Hit[])[]
}

/** Index, snapshot, damage, recovery, kill. @returns how many claims did not hold */
export async function tellStory(stage: Stage): Promise<number> {
  const proofs = new Proofs()
  const { passages, embedding } = await read(stage)

  printStep('A server of our own, driven with @qdrant/js-client-rest')
  const first = await connect(stage)
  const library = new Library({ client: first.client, passages, embedding, signal: stage.signal })
  const indexing = await timed(() => library.create())
  printFact(`indexed ${passages.length} points in ${inMs(indexing.ms)}, each write on disk when acknowledged`)
  proofs.check(`the server counts ${passages.length} points`, (await library.count()) === passages.length)
  proofs.check('all of them come back as they were sent', (await library.countAsSent()) === passages.length)

  printStep('Three questions')
  const before = await look(first.client, library, stage)
  before.answers.forEach((hits, i) => printAnswers(questions[i] ?? '', hits))
  printFact(`content hash, computed by this program (see demo/content-hash.ts): ${before.content.sha256}`)
  proofs.check(
    'every question has an answer',
    before.answers.every((hits) => hits.length > 0),
  )

  const snapshot = await takeSnapshot(first.client)
  const damaged = await damage(first.client, library, stage)
  const [kept, hits] = [countKept(damaged, before), countKept(before, before)]
  proofs.check(`the content hash is another: ${damaged.content.sha256}`, differs(damaged, before))
  proofs.check(`of ${hits} answers ${kept} are left`, kept < hits)

  printStep('Recover from the snapshot')
  const location = `${first.url}/collections/${collection}/snapshots/${snapshot.name}`
  const recovery = await timed(() =>
    first.client.recoverSnapshot(collection, { location, ...snapshot.check }),
  )
  printFact(`recovered in ${inMs(recovery.ms)}, from ${location}`)
  proveSame(proofs, await look(first.client, library, stage), before)

  printStep('Kill the server (SIGKILL), start it again')
  const ended = await stage.server.kill()
  proofs.check(`the process is gone (${ended?.signal ?? 'no signal'})`, ended?.signal === 'SIGKILL')
  const restart = await timed(() => connect(stage))
  printFact(`ready again after ${inMs(restart.ms)}`)
  const again = new Library({ client: restart.value.client, passages, embedding, signal: stage.signal })
  proveSame(proofs, await look(restart.value.client, again, stage), before)

  console.log(proofs.failed === 0 ? '\nEvery claim held.' : `\n${proofs.failed} claims did not hold.`)
  return proofs.failed
}

async function read(stage: Stage): Promise<{ passages: readonly Passage[]; embedding: Embedding }> {
  printStep('Read the READMEs of the installed packages')
  const files = await findReadmes(stage.packagesRoot)
  const passages = await readPassages(stage.packagesRoot, files)
  if (passages.length === 0) throw new Error('There is no README below node_modules: run npm ci first')
  const embedding = new Embedding(passages.map(searchableText))
  printFact(`${passages.length} passages from ${files.length} files, ${embedding.wordCount} different words`)
  printFact(`vectors: ${methodInWords}`)
  return { passages, embedding }
}

async function connect({ server, signal }: Stage): Promise<{ client: QdrantClient; url: string }> {
  signal.throwIfAborted()
  const { url, process } = await server.start()
  printFact(`process ${String(process.pid)} at ${url}`)
  return { client: new QdrantClient({ url }), url }
}

async function look(client: QdrantClient, library: Library, { signal }: Stage): Promise<State> {
  const answers: (readonly Hit[])[] = []
  for (const question of questions) answers.push(await library.ask(question))
  return { answers, content: await hashContent(client, collection, signal) }
}

async function takeSnapshot(client: QdrantClient): Promise<{ name: string; check: { checksum?: string } }> {
  printStep('Take a snapshot')
  const { value: snapshot, ms } = await timed(() => client.createSnapshot(collection))
  if (snapshot === null) throw new Error('The server answered without a snapshot')
  const { name, size, checksum } = snapshot
  printFact(`${name}: ${inBytes(size)}, ${inMs(ms)} with its archive`)
  if (typeof checksum !== 'string') return { name, check: {} }
  printFact(`SHA-256 of the archive, checked again when recovering: ${checksum}`)
  return { name, check: { checksum } }
}

async function damage(client: QdrantClient, library: Library, stage: Stage): Promise<State> {
  printStep('Delete a third, overwrite a third')
  const before = await library.count()
  const deleted = await library.deleteThird()
  const overwritten = await library.overwriteThird()
  printFact(`deleted ${deleted}, overwrote ${overwritten}: ${before} points became ${await library.count()}`)
  const damaged = await look(client, library, stage)
  damaged.answers.forEach((hits, i) => printAnswers(questions[i] ?? '', hits))
  return damaged
}

/** How many of the hits of `before` are still given, with the same text. */
function countKept(state: State, before: State): number {
  const textsOf = (hits: readonly Hit[] | undefined) => hits?.map(({ id, text }) => `${id} ${text}`) ?? []
  return before.answers
    .map((hits, i) => {
      const given = new Set(textsOf(state.answers[i]))
      return textsOf(hits).filter((text) => given.has(text)).length
    })
    .reduce((sum, kept) => sum + kept, 0)
}

function differs(state: State, before: State): boolean {
  return state.content.sha256 !== before.content.sha256
}

function proveSame(proofs: Proofs, state: State, before: State): void {
  const { content } = state
  proofs.check(`${content.pointCount} points, as before`, content.pointCount === before.content.pointCount)
  proofs.check(`content hash ${content.sha256}, as before`, !differs(state, before))
  const same = JSON.stringify(state.answers) === JSON.stringify(before.answers)
  proofs.check('the three questions have the same answers, with the same scores', same)
}
