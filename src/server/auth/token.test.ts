import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readToken, type TokenResult } from './token.ts'

const secret = 'the-secret-of-the-gate'
const now = Date.UTC(2026, 0, 1)
const seconds = now / 1_000

const code = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(claims: unknown, header: unknown = { alg: 'HS256' }, key = secret): string {
  const text = `${code(header)}.${code(claims)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

function outcome(result: TokenResult): string {
  if (result === undefined) return 'none'
  return 'refusal' in result ? result.refusal : 'claims'
}

const read = (text: string): string => outcome(readToken(text, secret, now))

describe('signatures', () => {
  test('a token that was signed with the key is read', () => {
    expect(readToken(signed({ access: 'r', exp: seconds + 1 }), secret, now)).toMatchObject({
      claims: { grant: { scope: 'global', level: 'read' }, expiresAt: seconds + 1 },
    })
  })

  test('another key, and every changed byte of the signature, is refused', () => {
    expect(read(signed({ access: 'm' }, { alg: 'HS256' }, 'another'))).toBe('InvalidSignature')
    const token = signed({ access: 'm' })
    const start = token.lastIndexOf('.') + 1
    for (let at = start; at < token.length; at++) {
      const letter = token[at] === 'A' ? 'B' : 'A'
      expect(read(token.slice(0, at) + letter + token.slice(at + 1))).toBe('InvalidSignature')
    }
    expect(read(`${token}x`)).toBe('InvalidSignature')
    expect(read(token.slice(0, -1))).toBe('InvalidSignature')
    expect(read(token.slice(0, start))).toBe('InvalidSignature')
  })

  test('claims that were changed after signing are refused', () => {
    const [header, , signature] = signed({ access: 'r' }).split('.')
    expect(read([header, code({ access: 'm' }), signature].join('.'))).toBe('InvalidSignature')
  })

  test('a second spelling of the same signature is another token', () => {
    const token = signed({ access: 'm' })
    const bytes = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
    const last = token.slice(-1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
    const spelled = token.slice(0, -1) + twin
    expect(Buffer.from(spelled.slice(spelled.lastIndexOf('.') + 1), 'base64url')).toEqual(bytes)
    expect(read(spelled)).toBe('InvalidSignature')
  })
})

describe('algorithms', () => {
  test.each([
    'none',
    'None',
    'hs256',
    'HS384',
    'HS512',
    'RS256',
    'ES256',
    '',
    256,
    null,
    undefined,
    ['HS256'],
  ])('%j is none of ours, however it is signed', (alg) => {
    expect(read(signed({ access: 'm' }, { alg }))).toBe('none')
    expect(read(`${code({ alg })}.${code({ access: 'm' })}.`)).toBe('none')
  })

  test('an RSA signature whose public key is our secret is no token', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    const text = `${code({ alg: 'RS256' })}.${code({ access: 'm' })}`
    const token = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
    expect(outcome(readToken(token, pem, now))).toBe('none')
  })
})

test.each([
  '',
  '.',
  '..',
  '...',
  'a.b',
  'a.b.c',
  'e30.e30.e30',
  `${signed({})}.x`,
  `${signed({})}.`,
  ` ${signed({})}`,
])('%j is no token', (text) => expect(read(text)).toBe('none'))

test('the time that a token ends at has a minute of leeway', () => {
  expect(read(signed({ exp: seconds - 60 }))).toBe('claims')
  expect(read(signed({ exp: seconds - 61 }))).toBe('ExpiredSignature')
  expect(read(signed({ exp: 0 }))).toBe('ExpiredSignature')
  expect(read(signed({ exp: 0 }, { alg: 'HS256' }, 'another'))).toBe('InvalidSignature')
})

describe('claims', () => {
  test.each([
    {},
    { access: 'm', sub: 'me', nbf: seconds + 9, aud: 'x', other: [1] },
    { access: [] },
    { access: [{ collection: 'c', access: 'prw', extra: 1, payload: null }] },
    { value_exists: { collection: 'c', matches: [] } },
    { value_exists: { collection: 'c', matches: [{ key: 'a[].b', value: true }] } },
    { value_exists: null, exp: null },
  ])('%j can be read', (claims) => expect(read(signed(claims))).toBe('claims'))

  test.each([
    [[]],
    ['text'],
    [null],
    [{ access: 'rw' }],
    [{ access: null }],
    [{ access: {} }],
    [{ access: [{ collection: 'c' }] }],
    [{ access: [{ collection: 'c', access: 'm' }] }],
    [{ access: [{ collection: 1, access: 'r' }] }],
    [{ access: [{ collection: 'c', access: 'r', payload: 1 }] }],
    [{ exp: 'soon' }],
    [{ exp: -1 }],
    [{ exp: seconds + 0.5 }],
    [{ value_exists: {} }],
    [{ value_exists: { collection: 'c' } }],
    [{ value_exists: { collection: 'c', matches: [{ key: '', value: 1 }] } }],
    [{ value_exists: { collection: 'c', matches: [{ key: 'a', value: 1.5 }] } }],
  ])('%j cannot', (claims) => expect(read(signed(claims))).toBe('none'))

  test('what was taken out is named', () => {
    const twice = [
      { collection: 'c', access: 'r' },
      { collection: 'c', access: 'rw' },
    ]
    const narrow = [{ collection: 'c', access: 'r', payload: { user: 1 } }]
    expect(readToken(signed({ access: twice }), secret, now)).toMatchObject({
      claims: { fault: 'access[1].collection: Collection name should be unique' },
    })
    expect(readToken(signed({ access: narrow }), secret, now)).toMatchObject({
      claims: { fault: "access[0].payload: The 'payload' constraint is deprecated and should not be used" },
    })
  })
})
