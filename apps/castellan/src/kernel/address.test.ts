import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { isLoopback, type Place, placeOf, placeOfHost } from './address.ts'

const places: Readonly<Record<Place, readonly string[]>> = {
  public: [
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450::1',
    '[2606:4700::1]',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '[::1]', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  unspecified: ['0.0.0.0', '::', '[::]', '::ffff:0.0.0.0'],
  private: [
    '10.0.0.0',
    '10.255.255.255',
    '100.64.0.0',
    '100.127.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    'fc00::1',
    'fdff:ffff::1',
    'fec0::1',
    '::ffff:10.0.0.1',
    '::ffff:c0a8:1',
    '::10.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '2002:a00:1::',
    '2002:c0a8:0101::1',
  ],
  'link-local': ['169.254.0.1', '169.254.169.253', 'fe80::1', 'febf::1', '::ffff:169.254.1.1'],
  metadata: [
    '169.254.169.254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
  ],
  reserved: [
    '0.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '5f00::1',
    '4000::1',
  ],
}

describe('the place of an address', () => {
  for (const [place, addresses] of Object.entries(places)) {
    test(`is ${place} for ${addresses.length} of them`, () => {
      for (const address of addresses) assert.equal(placeOf(address), place, address)
    })
  }

  test('is that of the address inside, wherever one address carries another', () => {
    const byte = fc.nat(255)
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const inner = `${a}.${b}.${c}.${d}`
        const hex = [(a << 8) | b, (c << 8) | d].map(group => group.toString(16)).join(':')
        for (const outer of [`::ffff:${inner}`, `::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`]) {
          assert.equal(placeOf(outer), placeOf(inner), outer)
        }
      }),
    )
  })

  test('is the one that the lists of Node have it in', () => {
    const near = new BlockList()
    for (const [net, bits] of [['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['127.0.0.0', 8], ['169.254.0.0', 16], ['100.64.0.0', 10]] as const) near.addSubnet(net, bits) // prettier-ignore
    for (const [net, bits] of [
      ['fc00::', 7],
      ['fe80::', 10],
      ['::1', 128],
    ] as const)
      near.addSubnet(net, bits, 'ipv6')
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), address => {
        const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
        if (near.check(address, family)) assert.notEqual(placeOf(address), 'public', address)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is known for everything Node connects to without a lookup', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string()), text => {
        if (isIP(text) === 0 || text.includes('%')) assert.equal(placeOf(text), null, text)
        else assert.notEqual(placeOf(text), null, text)
      }),
      { numRuns: 5_000 },
    )
  })

  for (const text of [
    '',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '127.0.0.01',
    '1.2.3.256',
    '::1%lo',
    'fe80::1%eth0',
    ':::',
    '1::2::3',
    '12345::',
    '::1.2.3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '１２７.0.0.1',
  ]) {
    // prettier-ignore
    test(`is none for ${JSON.stringify(text)}, which is no address`, () => assert.equal(placeOf(text), null))
  }
})

describe('the place that the host of a URL names', () => {
  for (const [url, place] of [
    ['http://2130706433/', 'loopback'],
    ['http://0x7f000001/', 'loopback'],
    ['http://0177.0.0.1/', 'loopback'],
    ['http://127.1/', 'loopback'],
    ['http://127.0.0.1./', 'loopback'],
    ['http://１２７.０.０.１/', 'loopback'],
    ['http://127。0。0。1/', 'loopback'],
    ['http://①②⑦.0.0.1/', 'loopback'],
    ['http://example.com@127.0.0.1/', 'loopback'],
    ['http://127.0.0.1#@example.com/', 'loopback'],
    ['http://[::ffff:127.0.0.1]/', 'loopback'],
    ['http://[0:0:0:0:0:ffff:7f00:0001]/', 'loopback'],
    ['http://LOCALHOST/', 'loopback'],
    ['http://localhost./', 'loopback'],
    ['http://a.localhost/', 'loopback'],
    ['http://ⓛocalhost/', 'loopback'],
    ['http://0/', 'unspecified'],
    ['http://[::]/', 'unspecified'],
    ['http://0xa9fea9fe/', 'metadata'],
    ['http://2852039166/', 'metadata'],
    ['http://0251.0376.0251.0376/', 'metadata'],
    ['http://[fd00:ec2::254]/', 'metadata'],
    ['http://192.168.257/', 'private'],
    ['http://tools:3000/', 'private'],
    ['http://metadata.google.internal/', 'private'],
    ['http://printer.local/', 'private'],
    ['http://example.com/', null],
    ['http://127.0.0.1.example.com/', null],
    ['http://localhost.example.com/', null],
    ['http://xn--mgbh0fb.example/', null],
  ] as const) {
    test(`is ${place ?? 'to be looked up'} for ${url}`, () => {
      assert.equal(placeOfHost(new URL(url).hostname), place)
    })
  }

  test('is this machine for names and addresses of it alone', () => {
    assert.deepEqual(
      ['localhost', '127.9.9.9', '[::1]', '::1', '0.0.0.0', '[::]', 'localhost.example.com', '10.0.0.1'].map(
        isLoopback,
      ),
      [true, true, true, true, false, false, false, false],
    )
  })
})
