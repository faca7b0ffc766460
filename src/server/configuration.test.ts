import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfigurationFiles } from './configuration-file.ts'
import { resolveConfiguration, type ConfigurationSources } from './configuration.ts'

const resolved = (sources: Partial<ConfigurationSources>) =>
  resolveConfiguration({ flags: {}, environment: {}, files: [], ...sources })

const absent = () => Promise.reject(Object.assign(new Error('ENOENT: nothing'), { code: 'ENOENT' }))

describe('configuration', () => {
  test('without any source the server stays on this machine', () => {
    const { service, storage, logLevel } = resolved({})
    expect(service.host).toBe('127.0.0.1')
    expect(service.httpPort).toBe(6333)
    expect(service.grpcPort).toBe(6334)
    expect(resolved({ files: [{ service: { grpc_port: null } }] }).service.grpcPort).toBeUndefined()
    expect(service.maxRequestBytes).toBe(32 * 1024 * 1024)
    expect(storage.storagePath).toBe(resolve('./storage'))
    expect(storage.snapshotsPath).toBe(resolve('./snapshots'))
    expect(storage.archives).toBe('files')
    expect(logLevel).toBe('info')
  })

  test('each source wins over the ones below it', () => {
    const files = [{ service: { http_port: 1, host: 'a' } }, { service: { http_port: 2 } }]
    const qdrant = { QDRANT__SERVICE__HTTP_PORT: '3' }
    const both = { ...qdrant, STILLPOINT__SERVICE__HTTP_PORT: '4' }
    const flags = { service: { http_port: 5 } }
    expect(resolved({ files }).service.httpPort).toBe(2)
    expect(resolved({ files }).service.host).toBe('a')
    expect(resolved({ files, environment: qdrant }).service.httpPort).toBe(3)
    expect(resolved({ files, environment: both }).service.httpPort).toBe(4)
    expect(resolved({ files, environment: both, flags }).service.httpPort).toBe(5)
  })

  test('an empty key means no key, and a key of digits stays text', () => {
    expect(resolved({ environment: { QDRANT__SERVICE__API_KEY: '' } }).service.apiKey).toBeUndefined()
    expect(resolved({ environment: { QDRANT__SERVICE__API_KEY: '12' } }).service.apiKey).toBe('12')
    expect(resolved({ environment: { QDRANT__SERVICE__API_KEY: '007' } }).service.apiKey).toBe('007')
    expect(resolved({ environment: { QDRANT__SERVICE__API_KEY: 'true' } }).service.apiKey).toBe('true')
  })

  test.each([
    ['QDRANT__SERVICE__HTTP_PORT', '65536', 'service.http_port'],
    ['QDRANT__SERVICE__HTTP_PORT', 'many', 'service.http_port'],
    ['QDRANT__SERVICE__MAX_REQUEST_SIZE_MB', '0', 'service.max_request_size_mb'],
    ['QDRANT__SERVICE__ENABLE_CORS', 'perhaps', 'service.enable_cors'],
    ['STILLPOINT__STORAGE__SNAPSHOTS_CONFIG__ARCHIVES', 'disk', 'storage.snapshots_config.archives'],
    ['STILLPOINT__STORAGE__STORAGE_PATH', '', 'storage.storage_path'],
    ['QDRANT__LOG_LEVEL', 'loud', 'log_level'],
  ])('%s=%s is refused by name', (name, value, setting) => {
    expect(() => resolved({ environment: { [name]: value } })).toThrow(`Cannot use the setting ${setting}`)
  })

  test('what a front door understands is kept', () => {
    const { settings } = resolved({ environment: { QDRANT__STORAGE__HNSW_INDEX__M: '24' } })
    expect(settings).toEqual({ storage: { hnsw_index: { m: 24 } } })
  })

  test('names from outside cannot reach the prototype', () => {
    resolved({
      environment: { QDRANT____PROTO____POLLUTED: 'yes', QDRANT__X: '1' },
      files: [JSON.parse('{"__proto__":{"polluted":1}}')],
    })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('configuration files', () => {
  const store = (files: Record<string, string>) => (path: string) =>
    files[path] === undefined ? absent() : Promise.resolve(files[path])

  test('the default file may be absent, the given one may not', async () => {
    expect(await readConfigurationFiles(undefined, store({}))).toEqual([])
    await expect(readConfigurationFiles('x.yaml', store({}))).rejects.toThrow(
      'Cannot read the configuration file x.yaml: No such file or directory',
    )
  })

  test('the given file comes after the default one', async () => {
    const files = {
      'config/config.yaml': 'service:\n  http_port: 1\n',
      'x.yaml': 'service: { http_port: 2 }',
    }
    expect(await readConfigurationFiles('x.yaml', store(files))).toEqual([
      { service: { http_port: 1 } },
      { service: { http_port: 2 } },
    ])
  })

  test.each(['a: [', '- a\n- b', '"text"'])('%j is refused with the file name', async (text) => {
    await expect(readConfigurationFiles('x.yaml', store({ 'x.yaml': text }))).rejects.toThrow(/x\.yaml/)
  })

  test('an empty file holds no settings', async () => {
    expect(await readConfigurationFiles('x.yaml', store({ 'x.yaml': '# nothing\n' }))).toEqual([{}])
  })
})
