import { describe, expect, test } from 'vitest'
import { refusalOf } from './address-rules.ts'

describe('addresses of downloads', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    'not an address',
    '',
  ])('%s is refused under every setting', (address) => {
    expect(refusalOf(address, true)).toBeDefined()
    expect(refusalOf(address, false)).toBeDefined()
  })

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    'fd12::1',
    '64:ff9b::10.0.0.1',
  ])('%s is refused only if private addresses are', (address) => {
    expect(refusalOf(address, true)).toBeUndefined()
    expect(refusalOf(address, false)).toContain('snapshot_url_private')
  })

  test.each(['8.8.8.8', '172.32.0.1', '169.253.255.255', '2600::1', '2002:808:808::1', '::ffff:8.8.8.8'])(
    '%s may be read',
    (address) => {
      expect(refusalOf(address, false)).toBeUndefined()
    },
  )
})
