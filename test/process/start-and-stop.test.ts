import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectionNames, countPoints, makeCollection, rest } from '../support/qdrant-rest.ts'
import { runCli, startServer, temporaryFolder, type ServerProcess } from '../support/server-process.ts'

/** Sends the head of a request on a connection of its own. */
async function beginRequest(server: ServerProcess, line: string, bytes: number): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const headers = ['host: x', 'content-type: application/json', `content-length: ${bytes}`]
  socket.write(`${line} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
  return socket
}

/** Whether the server takes new connections. */
function accepts(server: ServerProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

describe('a server process', () => {
  test('answers with Qdrant’s title, so that clients take it for one', async () => {
    const server = await startServer()
    const answer = await fetch(server.url)
    expect(await answer.json()).toMatchObject({ title: 'qdrant - vector search engine', version: '1.19.0' })
    expect((await rest(server.url, 'GET', '/metrics')).text).toMatch(/^stillpoint_collections 0$/m)
    await server.stop()
  })

  test('names its addresses and a first command', async () => {
    const server = await startServer({ args: ['--grpc-port', '0', '--milvus-port', '0'] })
    const { stdout, code } = await server.stop()
    expect(stdout).toContain(`curl ${server.url}/collections`)
    expect(stdout).toContain(`storage    ${server.storagePath}`)
    expect(stdout).toMatch(/gRPC +127\.0\.0\.1:[1-9]\d* +\(Qdrant's API\)/)
    expect(stdout).toMatch(/gRPC +127\.0\.0\.1:[1-9]\d* +\(Milvus' API\)/)
    expect(code).toBe(0)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it with 0, and the data is there afterwards',
    async (signal) => {
      const home = await temporaryFolder()
      const first = await startServer({ home })
      await makeCollection(first.url, 'plants', 5)
      first.process.kill(signal)
      expect(await first.ended).toMatchObject({ code: 0, signal: null })
      const second = await startServer({ home })
      expect(await countPoints(second.url, 'plants')).toBe(5)
      await second.stop()
    },
  )

  test('an idle keep-alive connection does not hold up the end', async () => {
    const server = await startServer()
    await rest(server.url, 'GET', '/collections')
    expect(await server.stop()).toMatchObject({ code: 0 })
  })

  test('a request that is under way is finished before the end', async () => {
    const server = await startServer()
    await makeCollection(server.url, 'plants', 1)
    const body = JSON.stringify({ points: [{ id: 9, vector: [1, 2, 3, 4] }] })
    const request = await beginRequest(server, 'PUT /collections/plants/points?wait=true', body.length)
    request.write(body.slice(0, 10))
    // Behind it on a connection of its own: the server has seen the first one when this is answered.
    await rest(server.url, 'GET', '/collections')
    server.process.kill('SIGTERM')
    while (await accepts(server)) await new Promise(setImmediate)
    request.write(body.slice(10))
    const [answer] = (await once(request, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*"status":"completed"/)
    expect(await server.ended).toMatchObject({ code: 0, signal: null })
  })

  test('a request that never comes to its end is cut', async () => {
    const server = await startServer()
    const request = await beginRequest(server, 'PUT /collections/plants', 100)
    await rest(server.url, 'GET', '/collections')
    expect(await server.stop()).toMatchObject({ code: 0, signal: null })
    request.destroy()
  })

  test('a second process on the same storage is refused with the name of the first', async () => {
    const server = await startServer()
    const second = await runCli(['serve', '--http-port', '0', '--storage-path', server.storagePath], {
      home: await temporaryFolder(),
    })
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(String(server.process.pid))
    await makeCollection(server.url, 'plants', 1)
    await server.stop()
  })

  test('a port that is taken is named, and the storage is free again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const port = String((taken.address() as AddressInfo).port)
    const home = await temporaryFolder()
    const refused = await runCli(['serve', '--http-port', port, '--storage-path', join(home, 'storage')], {
      home,
    })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(`Cannot listen on 127.0.0.1:${port}`)
    taken.close()
    const server = await startServer({ home })
    await server.stop()
  })
})

describe('settings', () => {
  test('come from a file, variables and flags, the flags last', async () => {
    const home = await temporaryFolder()
    await mkdir(join(home, 'config'))
    await writeFile(join(home, 'config', 'config.yaml'), 'service:\n  api_key: from-the-file\n')
    await writeFile(join(home, 'own.yaml'), 'service:\n  read_only_api_key: from-my-file\n')
    const env = { QDRANT__SERVICE__API_KEY: 'from-qdrant', STILLPOINT__SERVICE__API_KEY: 'from-stillpoint' }
    const server = await startServer({ home, env, args: ['--config-path', join(home, 'own.yaml')] })
    const status = async (key: string) =>
      (await fetch(`${server.url}/collections`, { headers: { 'api-key': key } })).status
    expect(await status('from-stillpoint')).toBe(200)
    expect(await status('from-my-file')).toBe(200)
    expect(await status('from-qdrant')).toBe(401)
    expect(await status('from-the-file')).toBe(401)
    expect(server.log()).not.toContain('from-stillpoint')
    await server.stop()
  })

  test('Qdrant’s variables place storage and snapshots', async () => {
    const home = await temporaryFolder()
    const env = { QDRANT__SERVICE__HTTP_PORT: '70000' }
    const refused = await runCli(['serve'], { home, env })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('service.http_port')
  })
})

describe('the command line', () => {
  test('without a command it shows its help', async () => {
    const { code, stdout } = await runCli([])
    expect(code).toBe(0)
    expect(stdout).toContain('serve')
  })

  test('knows its version', async () => {
    const { code, stdout } = await runCli(['--version'])
    expect([code, stdout.trim()]).toEqual([0, '0.1.0'])
  })

  test('helps with every flag of serve', async () => {
    const { code, stdout } = await runCli(['serve', '--help'])
    expect(code).toBe(0)
    const flags =
      'host http-port grpc-port milvus-port storage-path snapshots-path temp-path config-path snapshot'
    for (const flag of [...flags.split(' '), 'force-snapshot', 'storage-snapshot'])
      expect(stdout).toContain(`--${flag}`)
  })

  test.each([
    [['serve', '--unknown-option'], "unexpected argument '--unknown-option'"],
    [['serve', '--snapshot'], "a value is required for '--snapshot <PATH:NAME>'"],
    [['serve', '--http-port'], "a value is required for '--http-port <PORT>'"],
    [['serve', '--http-port', 'many'], 'service.http_port'],
    [['serve', '--http-port', '65536'], 'service.http_port'],
    [['serve', '--host', ''], 'service.host'],
    [['serve', '--config-path', '/nowhere/x.yaml'], '/nowhere/x.yaml: No such file or directory'],
    [['serve', '--log-level', 'loud'], 'log_level'],
    [['serve', 'extra'], 'too many arguments'],
    [['serv'], "unknown command 'serv'"],
  ])('%j is refused with 2', async (args, words) => {
    const { code, stderr } = await runCli(args, { home: await temporaryFolder() })
    expect(stderr).toContain(words)
    expect(code).toBe(2)
  })
})

test('collections of another storage are not seen', async () => {
  const server = await startServer()
  expect(await collectionNames(server.url)).toEqual([])
  await server.stop()
})
