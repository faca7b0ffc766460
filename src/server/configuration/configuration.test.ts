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

  test.each([
    ['true', true],
    ['on', true],
    ['1', true],
    ['no', false],
    ['FALSE', false],
  ])('a flag may be spelt %s', (text, expected) => {
    expect(resolved({ environment: { QDRANT__SERVICE__ENABLE_CORS: text } }).service.enableCors).toBe(
      expected,
    )
  })

  test('numbers may stand in quotes', () => {
    expect(resolved({ files: [{ service: { http_port: '7000' } }] }).service.httpPort).toBe(7000)
  })

  test('a key that cannot be used is not shown', () => {
    const files = [{ service: { api_key: ['the-key'] } }]
    expect(() => resolved({ files })).toThrow(
      'Cannot use the setting service.api_key: it is something else, expected a text',
    )
  })

  test('TLS has the files of its settings, and only if it is enabled', () => {
    const tls = { cert: 'a.pem', key: 'b.pem', ca_cert: 'c.pem', cert_ttl: 5 }
    expect(resolved({ files: [{ tls }] }).tls).toBeUndefined()
    const service = { enable_tls: true, verify_https_client_certificate: true }
    expect(resolved({ files: [{ tls, service }] }).tls).toEqual({
      cert: resolve('a.pem'),
      key: resolve('b.pem'),
      caCert: resolve('c.pem'),
      certTtlMs: 5_000,
      verifiesClients: true,
    })
    const bare = resolved({ files: [{ service: { enable_tls: true } }] }).tls
    expect([bare?.cert, bare?.certTtlMs]).toEqual([resolve('./tls/cert.pem'), 3_600_000])
    for (const ttl of [null, 0]) {
      const files = [{ service, tls: { ...tls, cert_ttl: ttl } }]
      expect(resolved({ files }).tls?.certTtlMs).toBeUndefined()
    }
  })

  test('a bucket is refused: snapshots would lie where nobody looks for them', () => {
    const snapshots = { QDRANT__STORAGE__SNAPSHOTS_CONFIG__SNAPSHOTS_STORAGE: 's3' }
    expect(() => resolved({ environment: snapshots })).toThrow("'s3' is not built")
  })

  test('hosts that may be read are a list or a text with commas', () => {
    const allowed = (value: unknown) =>
      resolved({ files: [{ service: { snapshot_url_allow: value } }] }).service.snapshotUrlAllow
    expect(allowed(['10.0.0.0/8', 'a.example'])).toEqual(['10.0.0.0/8', 'a.example'])
    expect(allowed('10.0.0.0/8, a.example')).toEqual(['10.0.0.0/8', 'a.example'])
    expect(allowed(undefined)).toBeUndefined()
    expect(allowed([])).toEqual([])
  })

  test('names from outside cannot reach the prototype', () => {
    resolved({
      environment: { QDRANT____PROTO____POLLUTED: 'yes', QDRANT__X: '1' },
      files: [JSON.parse('{"__proto__":{"polluted":1}}')],
    })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('settings that nobody knows', () => {
  test.each([
    ['STILLPOINT__SERVICE__HTTP_PROT', 'service.http_prot', '; did you mean service.http_port?'],
    ['STILLPOINT__STORAGE__SNAPSHOT_PATH', 'storage.snapshot_path', '; did you mean storage.snapshots_path?'],
    ['STILLPOINT__WHATEVER_ELSE', 'whatever_else', ''],
  ])('%s is refused', (name, key, hint) => {
    expect(() => resolved({ environment: { [name]: '1' } })).toThrow(
      `Cannot use the setting ${key}: there is no such setting${hint}`,
    )
  })

  test('are let pass in files and in variables of Qdrant, and told', () => {
    const files = [
      { service: { http_prot: 1 }, storage: { hnsw_index: { any: 1 } }, cluster: { enabled: false } },
    ]
    expect(resolved({ files, environment: { QDRANT__NEW__THING: '1' } }).ignored).toEqual([
      { key: 'service.http_prot', nearest: 'service.http_port' },
      { key: 'new.thing', nearest: undefined },
    ])
  })
})

describe('configuration files', () => {
  const store = (files: Record<string, string>) => (path: string) =>
    files[path] === undefined ? absent() : Promise.resolve(files[path])

  test('the default file may be absent, the given one may not', async () => {
    expect(await readConfigurationFiles({}, store({}))).toEqual([])
    await expect(readConfigurationFiles({ given: 'x.yaml' }, store({}))).rejects.toThrow(
      'Cannot read the configuration file x.yaml: No such file or directory',
    )
  })

  test('are read in one order: general, of the run mode, local, given', async () => {
    const names = ['config/config', 'config/development', 'config/production', 'config/local', 'x']
    const files = Object.fromEntries(names.map((name) => [`${name}.yaml`, `from: ${name}\n`]))
    const order = async (runMode?: string) =>
      (await readConfigurationFiles({ given: 'x.yaml', runMode }, store(files))).map(({ from }) => from)
    expect(await order()).toEqual(['config/config', 'config/development', 'config/local', 'x'])
    expect(await order('production')).toEqual(['config/config', 'config/production', 'config/local', 'x'])
  })

  test('a file that cannot be read as YAML is named with the line, and its text is not shown', async () => {
    const text = 'service:\n  api_key: "the-key\n'
    await expect(readConfigurationFiles({ given: 'x.yaml' }, store({ 'x.yaml': text }))).rejects.toThrow(
      /^Cannot read the configuration file x\.yaml: [A-Z_]+ in line \d$/,
    )
  })

  test.each(['a: [', '- a\n- b', '"text"'])('%j is refused with the file name', async (text) => {
    await expect(readConfigurationFiles({ given: 'x.yaml' }, store({ 'x.yaml': text }))).rejects.toThrow(
      /x\.yaml/,
    )
  })

  test('an empty file holds no settings', async () => {
    expect(await readConfigurationFiles({ given: 'x.yaml' }, store({ 'x.yaml': '# nothing\n' }))).toEqual([
      {},
    ])
  })
})
