import { describe, expect, test } from 'vitest'
import { formatMetrics } from './metrics-text.ts'
import { RequestStatistics } from './request-statistics.ts'
import { SlowRequests } from './slow-requests.ts'

describe('request statistics', () => {
  test('counts by endpoint and status, and knows how long it took', () => {
    const statistics = new RequestStatistics()
    for (const durationMicros of [2_000, 500, 3_500]) {
      statistics.record('rest', { endpoint: 'GET /a', status: 200, durationMicros, at: durationMicros })
    }
    statistics.record('rest', { endpoint: 'GET /a', status: 404, durationMicros: 1, at: 9 })
    const ok = statistics.all('rest').get('GET /a')!.get(200)!
    expect([ok.count, ok.totalMicros, ok.minMicros, ok.maxMicros]).toEqual([3, 6_000, 500, 3_500])
    expect([ok.averageMicros, ok.lastAt]).toEqual([2_000, 3_500])
    expect(ok.cumulated().slice(0, 3)).toEqual([
      { boundMicros: 1_000, count: 1 },
      { boundMicros: 2_500, count: 2 },
      { boundMicros: 5_000, count: 3 },
    ])
    expect(statistics.all('rest').get('GET /a')!.get(404)!.count).toBe(1)
    expect(statistics.all('grpc').size).toBe(0)
  })

  test('the average is that of the newest 128', () => {
    const statistics = new RequestStatistics()
    for (let i = 0; i < 300; i++) {
      statistics.record('grpc', { endpoint: '/a', status: 0, durationMicros: i < 172 ? 1e6 : 10, at: i })
    }
    expect(statistics.all('grpc').get('/a')!.get(0)!.averageMicros).toBe(10)
  })

  test('collections are counted apart, and no number of names takes memory without end', () => {
    const statistics = new RequestStatistics()
    for (let i = 0; i < 1_500; i++) {
      const collection = `c${i}`
      statistics.record('rest', { endpoint: 'GET /a', status: 200, durationMicros: 1, at: 1, collection })
    }
    const counted = statistics.perCollection('rest')
    expect(counted.get('c0')!.get('GET /a')!.get(200)!.count).toBe(1)
    expect(counted.size).toBe(1_001)
    expect(counted.get('/others')!.get('GET /a')!.get(200)!.count).toBe(500)
  })
})

describe('slow requests', () => {
  const slow = { collection: 'c', name: 'POST points/query', at: 0, body: '{"limit":9223372036854775808}' }

  test('the slowest come first, equal ones count as one, quick ones not at all', () => {
    const requests = new SlowRequests()
    for (const durationMs of [60.7, 90.9, 49.9]) requests.record({ ...slow, durationMs })
    requests.record({ ...slow, durationMs: 70, name: 'PUT points', body: null })
    expect(requests.list(10)).toMatchObject([
      {
        duration: 0.09,
        approx_count: 2,
        request_name: 'POST points/query',
        request_body: { limit: 2n ** 63n },
        datetime: '1970-01-01T00:00:00.000Z',
      },
      {
        duration: 0.07,
        approx_count: 1,
        request_name: 'PUT points',
        collection_name: 'c',
        request_body: null,
      },
    ])
    expect(requests.list(10, 'PUT')).toHaveLength(1)
    expect(requests.list(1)).toHaveLength(1)
  })

  test('32 of each kind are kept', () => {
    const requests = new SlowRequests()
    for (let i = 0; i < 100; i++) requests.record({ ...slow, durationMs: 100 + i, body: `{"i":${i}}` })
    const kept = requests.list(1_000)
    expect(kept.map(({ duration }) => duration)).toEqual(
      Array.from({ length: 32 }, (_, i) => (199 - i) / 1_000),
    )
  })
})

test('metrics escape what names may hold, and leave out what has no samples', () => {
  const text = formatMetrics([
    { name: 'a', help: 'one', type: 'gauge', samples: [{ labels: { id: 'x"\\\n' }, value: 1.5 }] },
    { name: 'b', help: 'two', type: 'counter', samples: [] },
    { name: 'c', help: 'three', type: 'histogram', samples: [{ suffix: '_count', value: 2 }] },
  ])
  expect(text).toBe(
    '# HELP a one\n# TYPE a gauge\na{id="x\\"\\\\\\n"} 1.5\n# HELP c three\n# TYPE c histogram\nc_count 2\n',
  )
})
