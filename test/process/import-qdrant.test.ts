import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { collectionNames, countPoints, makeCollection } from '../support/qdrant-rest.ts'
import { runCli, startCli, startServer, temporaryFolder } from '../support/server-process.ts'

// A server that is copied into another one, or into a store, by the command line.

interface Gate {
  readonly url: string
  /** When the page of this number has been asked for. It and those after it are not answered until `open`. */
  readonly reached: Promise<void>
  open(): void
}

/** Stands before a source, and holds its pages of points back from one on. */
async function gateBefore(target: string, page: number): Promise<Gate> {
  let pages = 0
  let isOpen = false
  let onReached = (): void => undefined
  let onOpen = (): void => undefined
  const reached = new Promise<void>((resolve) => (onReached = resolve))
  const opened = new Promise<void>((resolve) => (onOpen = resolve))
  const server = createServer((request, answer) => {
    const forward = async (): Promise<void> => {
      const chunks: Uint8Array[] = []
      for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
      if (request.url?.endsWith('/scroll') === true && (pages += 1) >= page && !isOpen) {
        onReached()
        await opened
      }
      const { method = 'GET' } = request
      const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {}
      const given = await fetch(target + (request.url ?? ''), { method, ...body })
      answer.writeHead(given.status).end(Buffer.from(await given.arrayBuffer()))
    }
    // The asker has gone: that is what these tests are about.
    forward().catch(() => answer.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = (): void => {
    isOpen = true
    onOpen()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, reached, open }
}

test('a copy goes on by itself after its server was killed, and nothing is seen of it before its end', async () => {
  const source = await startServer()
  await makeCollection(source.url, 'plants', 1_000)
  const gate = await gateBefore(source.url, 4)
  const target = await startServer()
  const copying = runCli(['import', 'qdrant', '--url', gate.url, '--to', target.url, '--parallel', '1'])
  await gate.reached
  expect(await collectionNames(target.url)).toEqual([])
  await target.kill()
  expect(await copying).toMatchObject({ code: 1 })
  gate.open()
  const again = await startServer({ home: target.home })
  const { jobs } = JSON.parse(
    (await runCli(['job', 'list', '--kind', 'import-qdrant', '--url', again.url, '--json'])).stdout,
  ) as { jobs: { id: string }[] }
  expect(jobs).toHaveLength(1)
  expect(await runCli(['job', 'wait', jobs[0]!.id, '--url', again.url])).toMatchObject({ code: 0 })
  expect(await countPoints(again.url, 'plants')).toBe(1_000)
  const unfinished = await runCli(['import', 'list', '--url', again.url])
  expect(unfinished.stdout).toBe('no unfinished copies\n')
})

test('a copy into a store is ended by Ctrl-C and leaves nothing; the next one is complete', async () => {
  const source = await startServer({ env: { QDRANT__SERVICE__API_KEY: 'sesame' } })
  const storage = await temporaryFolder()
  const base = ['import', 'qdrant', '--storage-path', storage, '--parallel', '1']
  const refused = await runCli([...base, '--url', source.url])
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the source answered 401') as string,
  })

  const open = await startServer()
  await makeCollection(open.url, 'plants', 1_000)
  const gate = await gateBefore(open.url, 4)
  const copying = startCli([...base, '--url', gate.url])
  await gate.reached
  copying.process.kill('SIGINT')
  gate.open()
  expect(await copying.ended).toMatchObject({ code: 130 })
  const store = ['--storage-path', storage]
  expect((await runCli(['collection', 'list', ...store])).stdout).toBe('no collections\n')
  expect((await runCli(['import', 'list', ...store])).stdout).toBe('no unfinished copies\n')

  const copied = await runCli([...base, '--url', open.url, '--collection', 'plants=herbs'])
  expect(copied).toMatchObject({ code: 0, stderr: '' })
  expect(copied.stdout).toMatch(/^copied herbs \(1000 points\): same as the source, content [0-9a-f]{16}\n$/)
  expect((await runCli(['collection', 'count', 'herbs', ...store])).stdout).toBe('1000\n')
})

test('a server asks only whom its configuration lets it ask', async () => {
  const source = await startServer()
  const ask = (to: string) => runCli(['import', 'qdrant', '--url', source.url, '--to', to])
  const shut = await startServer({ env: { QDRANT__SERVICE__SNAPSHOT_URL_PRIVATE: 'false' } })
  expect((await ask(shut.url)).stderr).toContain('loopback and private addresses are refused')
  const off = await startServer({ env: { QDRANT__SERVICE__ENABLE_SNAPSHOT_URL_RECOVERY: 'false' } })
  expect((await ask(off.url)).stderr).toContain('enable_snapshot_url_recovery is switched off')
})
