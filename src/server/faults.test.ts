import fastify from 'fastify'
import { expect, test } from 'vitest'
import { DatabaseError, InvariantViolation } from '../index.ts'
import { reportFaults } from './faults.ts'

/** What is logged, and what stops the process, when a route throws. */
async function outcomeOf(error: Error) {
  const app = fastify()
  const lines: string[] = []
  const log = (level: string) => (message: string) => lines.push(`${level} ${message}`)
  const fatal: unknown[] = []
  reportFaults(app, { error: log('error'), info: log('info'), debug: log('debug') }, (one) => fatal.push(one))
  app.setErrorHandler((_, __, reply) => reply.code(418).send())
  app.get('/', () => {
    throw error
  })
  const { statusCode } = await app.inject('/')
  await app.close()
  return { statusCode, lines, fatal }
}

test.each([
  new Error('a bug'),
  new DatabaseError('segment-corrupt', 'Cannot read segment 7'),
  new DatabaseError('write-failed', 'Cannot write'),
  Object.assign(new Error('no'), { statusCode: 500 }),
])('%s is a fault that a person must see', async (error) => {
  expect(await outcomeOf(error)).toEqual({ statusCode: 418, lines: ['error request failed'], fatal: [] })
})

test.each([
  new DatabaseError('request-invalid', 'Cannot do that'),
  new DatabaseError('collection-not-found', 'Cannot find it'),
  Object.assign(new Error('no'), { statusCode: 413 }),
  Object.assign(new Error('no'), { status: 404 }),
])('%s is the client’s business', async (error) => {
  expect(await outcomeOf(error)).toEqual({ statusCode: 418, lines: ['debug request refused'], fatal: [] })
})

test('a broken invariant stops the process', async () => {
  const error = new InvariantViolation('rows are in order')
  expect(await outcomeOf(error)).toEqual({ statusCode: 418, lines: ['error request failed'], fatal: [error] })
})
