import fastify, { type FastifyInstance } from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { archiveSettings } from '../../src/api/qdrant/present/archive-settings.ts'
import { MoveIn } from '../../src/api/qdrant/move-in/move-in.ts'
import { v1Routes } from '../../src/api/v1/v1-routes.ts'
import { open, parseJson, stringifyJson, type Database, type JsonValue } from '../../src/index.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { systemRandom } from '../../src/runtime/random.ts'
import { createDownload } from '../../src/server/download/download.ts'

export interface V1Reply {
  readonly status: number
  readonly text: string
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** The API below /v1 over a store of its own, with a collection `plants` of two points; every answer is checked. */
export interface V1App {
  readonly app: FastifyInstance
  readonly database: Database
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: JsonValue): Promise<V1Reply>
  close(): Promise<void>
}

export async function openV1App(): Promise<V1App> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-v1-'))
  const database = await open(folder, { workers: 0, background: false })
  const app = fastify()
  await v1Routes(app, {
    database,
    clock: systemClock,
    version: '0.0.0',
    maxRequestBytes: 10_000,
    qdrantSettings: archiveSettings,
    moves: new MoveIn({
      database,
      ask: createDownload({ allowPrivate: true }),
      clock: systemClock,
      random: systemRandom,
      isAllowed: true,
    }),
    checksAnswers: true,
  })
  const plants = await database.createCollection('plants', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await plants.upsert([
    { id: 1, vectors: { '': [0.1, 0.9] }, payload: { kind: 'moss' } },
    { id: 2n ** 64n - 1n, vectors: { '': [1, 0] }, payload: { kind: 'sage' } },
  ])
  return {
    app,
    database,
    call: async (method, url, body) => {
      const headers = { 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { payload: stringifyJson(body), headers }
      const { statusCode, body: text } = await app.inject({ method, url: `/v1${url}`, ...sent })
      return { status: statusCode, text, body: text === '' ? undefined : parseJson(text) }
    },
    close: async () => {
      await app.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
