import { describe, expect, test } from 'vitest'
import { refusalOf } from './address-rules.ts'
import { AllowedHosts } from './allowed-hosts.ts'

const refusal = (address: string, allowPrivate: boolean) => refusalOf(address, address, { allowPrivate })

describe('addresses of downloads', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '2001:0:1::5601:5601',
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
    expect(refusal(address, true)).toBeDefined()
    expect(refusal(address, false)).toBeDefined()
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
    expect(refusal(address, true)).toBeUndefined()
    expect(refusal(address, false)).toContain('snapshot_url_private')
  })

  test.each(['8.8.8.8', '172.32.0.1', '169.253.255.255', '2600::1', '2002:808:808::1', '::ffff:8.8.8.8'])(
    '%s may be read',
    (address) => {
      expect(refusal(address, false)).toBeUndefined()
    },
  )
})

describe('a list of allowed hosts', () => {
  const entries = [
    '10.1.0.0/16',
    '192.0.2.7',
    '2001:db8::/32',
    'Backup.example',
    '*.nodes.example',
    'localhost',
  ]
  const allowed = new AllowedHosts(entries)
  const may = (hostname: string, address: string) =>
    refusalOf(hostname, address, { allowPrivate: false, allowed }) === undefined

  test.each([
    ['10.1.2.3', '10.1.2.3', true],
    ['[::ffff:10.1.2.3]', '::ffff:10.1.2.3', true],
    ['10.2.0.1', '10.2.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.8', '192.0.2.8', false],
    ['node', '2001:db8::9', true],
    ['backup.example', '8.8.8.8', true],
    ['BACKUP.example.', '8.8.8.8', true],
    ['not-backup.example', '8.8.8.8', false],
    ['a.nodes.example', '10.9.9.9', true],
    ['nodes.example', '10.9.9.9', false],
    ['a.nodes.example.evil.test', '8.8.8.8', false],
    ['localhost', '127.0.0.1', true],
    ['other', '127.0.0.1', false],
  ])('%s at %s: %j', (hostname, address, expected) => {
    expect(may(hostname, address)).toBe(expected)
  })

  test('does not open what is never allowed', () => {
    const everything = new AllowedHosts(['0.0.0.0/0', '::/0', 'metadata.example'])
    const rules = { allowPrivate: true, allowed: everything }
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254'])
      expect(refusalOf('metadata.example', address, rules)).toContain('metadata addresses')
    expect(refusalOf('x', '8.8.8.8', rules)).toBeUndefined()
  })

  test('an empty list allows nobody', () => {
    const rules = { allowPrivate: true, allowed: new AllowedHosts([]) }
    expect(refusalOf('x', '8.8.8.8', rules)).toContain('snapshot_url_allow')
  })

  test.each(['10.0.0.0/33', '10.0.0.0/x', 'http://a.example', 'a b', '*', '*.'])(
    '%j is no entry',
    (entry) => {
      expect(() => new AllowedHosts([entry])).toThrow('Cannot use the setting service.snapshot_url_allow')
    },
  )
})
