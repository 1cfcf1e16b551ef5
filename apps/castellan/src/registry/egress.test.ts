import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Egress, egressOf } from './egress.ts'
import type { EgressSettings } from './server.ts'

describe('where a server may lead', () => {
  test('is anywhere public, for what it names itself and for what its settings name', () => {
    const egress = over('https://mcp.example.com/mcp')
    assert.equal(at(egress, 'https://mcp.example.com', '1.1.1.1'), null)
    assert.equal(at(egress, 'https://login.example.org', '2606:4700::1'), null)
  })

  test('is what its settings name near by, at that very port, in one word', () => {
    for (const [endpoint, address] of [
      ['http://127.0.0.1:3000/mcp', '127.0.0.1'],
      ['http://localhost:3000/mcp', '::1'],
      ['http://[::1]:3000/mcp', '::1'],
      ['http://0.0.0.0:3000/mcp', '0.0.0.0'],
      ['http://10.1.2.3:3000/mcp', '10.1.2.3'],
      ['http://tools:3000/mcp', '172.18.0.5'],
      ['http://tools.internal:3000/mcp', '10.0.0.5'],
      ['ws://printer.local:3000', '192.168.1.9'],
    ] as const) {
      const egress = over(endpoint)
      assert.equal(at(egress, endpoint, address), null, endpoint)
    }
  })

  test('is not another port of this machine, when it is a place in its network', () => {
    const egress = over('http://10.1.2.3:3000/mcp')
    assert.match(at(egress, 'http://127.0.0.1:6379', '127.0.0.1')!, /127\.0\.0\.1, this machine/)
    assert.equal(at(egress, 'http://10.1.2.4', '10.1.2.4'), null, 'a place in the network may name another')
  })

  test('is nowhere near when it is public, whatever its name leads to, or it names', () => {
    const egress = over('https://mcp.example.com/mcp')
    for (const address of [
      '127.0.0.1',
      '10.0.0.1',
      '100.64.0.1',
      '192.168.0.1',
      'fd00::1',
      '::ffff:10.0.0.1',
      '0.0.0.0',
      '::1',
    ]) {
      assert.match(at(egress, 'https://mcp.example.com', address)!, /mcp\.example\.com is found at/, address)
      assert.match(at(egress, 'https://login.example.org', address)!, /login\.example\.org is found at/, address)
    }
    for (const url of [
      'http://localhost',
      'http://10.0.0.1',
      'http://tools',
      'http://a.internal',
      'http://[::ffff:7f00:1]',
    ]) {
      assert.ok(egress.refusal(new URL(url).hostname, 80), url)
    }
  })

  test('is never where clouds hand out keys, what is nobody’s, or link-local, unless all of that is allowed', () => {
    for (const address of [
      '169.254.169.254',
      'fd00:ec2::254',
      '64:ff9b::a9fe:a9fe',
      '169.254.1.1',
      'fe80::1',
      '192.0.2.1',
      '224.0.0.1',
    ]) {
      for (const endpoint of ['https://mcp.example.com', 'http://metadata.google.internal', 'http://127.0.0.1:3000']) {
        assert.ok(at(over(endpoint), endpoint, address), `${endpoint} at ${address}`)
        assert.equal(at(over(endpoint, { allowPrivate: true }), endpoint, address), null)
      }
    }
    assert.ok(over('http://169.254.169.254/latest').refusal('169.254.169.254', 80))
  })

  test('is what is listed, by name or below one, and what the settings name', () => {
    const egress = over('https://mcp.example.com/mcp', { hosts: ['login.example.org', '*.example.net'] })
    for (const host of ['mcp.example.com', 'login.example.org', 'LOGIN.example.org.', 'a.b.example.net']) {
      assert.equal(egress.refusal(host, 443), null, host)
    }
    for (const host of ['example.net', 'xexample.net', 'evil.example', 'login.example.org.evil.example', '1.1.1.1']) {
      assert.match(egress.refusal(host, 443)!.message, /is not among the hosts it may lead to/, host)
    }
    assert.equal(over('https://mcp.example.com/mcp', { hosts: [] }).refusal('mcp.example.com', 443), null)
  })

  test('is a place near by that is listed by such a name, and no name that only leads there', () => {
    const egress = over('https://mcp.example.com/mcp', { hosts: ['10.0.0.9', 'login.internal', 'login.example.org'] })
    assert.equal(at(egress, 'https://10.0.0.9', '10.0.0.9'), null)
    assert.equal(at(egress, 'https://login.internal', '10.0.0.8'), null)
    assert.ok(at(egress, 'https://login.example.org', '10.0.0.8'))
  })

  test('is this machine for a document that lies on it', () => {
    const egress = egressOf('api', { transport: 'openapi', document: '/srv/api.yaml', endpoints: [], headers: {} })
    assert.equal(at(egress, 'http://127.0.0.1:8080', '127.0.0.1'), null)
    const far = { transport: 'openapi', document: 'https://example.com/api.yaml', endpoints: [], headers: {} } as const
    assert.ok(at(egressOf('api', far), 'http://127.0.0.1:8080', '127.0.0.1'))
  })

  test('quotes no more of a name than can be printed', () => {
    const { message } = over('https://mcp.example.com', { hosts: [] }).refusal(`evil\n\u202e${'x'.repeat(900)}`, 443)!
    assert.ok(message.length < 400 && !/[\n\u202e]/.test(message))
  })
})

function over(endpoint: string, egress?: Partial<EgressSettings>): Egress {
  const connection = { transport: 'streamable-http', endpoints: [endpoint], headers: {} } as const
  return egressOf(
    'tools',
    egress === undefined ? connection : { ...connection, egress: { hosts: null, allowPrivate: false, ...egress } },
  )
}

/** Why a URL is refused whose host is found at an address. */
function at(egress: Egress, url: string, address: string): string | null {
  const { hostname, port, protocol } = new URL(url)
  const to = Number(port) || (protocol === 'https:' ? 443 : 80)
  return (egress.refusal(hostname, to) ?? egress.refusalAt(hostname, to, address))?.message ?? null
}
