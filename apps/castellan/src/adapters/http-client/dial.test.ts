import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fault } from '../../kernel/index.ts'
import { defaultTimeouts, egressOf } from '../../registry/index.ts'
import { httpServer } from './fixtures/http-server.ts'
import { nameServer } from './fixtures/name-server.ts'
import { type Answer, HttpClient } from './http-client.ts'

const timeouts = { ...defaultTimeouts, connect: 2_000 }
const soon = () => AbortSignal.timeout(5_000)
const get = { method: 'GET', path: '/', headers: {} } as const

describe('a connection', () => {
  test('goes to no address that is not public because a name says so, and says why', async () => {
    await using names = await nameServer(['127.0.0.1'])
    const server = await httpServer((_, response) => response.end('secret'))
    const client = clientFor(`http://mcp.example.com:${new URL(server.url).port}`, names)

    const answer = refusedOf(await client.ask(get, soon()))

    assert.equal(answer.fault?.code, 'EGRESS_REFUSED')
    assert.match(answer.why, /mcp\.example\.com is found at 127\.0\.0\.1, this machine/)
    assert.equal(answer.sent, false)
    assert.deepEqual(server.received, [])
    await client.close()
    await server.stop()
  })

  test('goes there all the same when that was said', async () => {
    await using names = await nameServer(['127.0.0.1'])
    const server = await httpServer((_, response) => response.end('hello'))
    const origin = `http://mcp.example.com:${new URL(server.url).port}`
    const connection = { transport: 'http-adapter', endpoints: [origin], headers: {} } as const
    const egress = egressOf('tools', { ...connection, egress: { hosts: null, allowPrivate: true } })
    const client = new HttpClient(origin, timeouts, { egress, lookup: names.lookup })
    assert.equal((await client.ask(get, soon())).is, 'answered')
    await client.close()
    await server.stop()
  })

  test('is judged anew each time it is made, by the very answer it then goes by', async () => {
    // The name leads where nobody listens while it is judged, and elsewhere afterwards: the classic way in.
    await using names = await nameServer(['127.0.0.2'], ['127.0.0.1'])
    const server = await httpServer((_, response) => response.end('secret'))
    const refusal = fault('EGRESS_REFUSED', { server: 'tools', why: 'it is 127.0.0.1' })
    const egress = {
      refusal: () => null,
      refusalAt: (_host: string, _port: number, address: string) => (address === '127.0.0.1' ? refusal : null),
    }
    const { port } = new URL(server.url)
    const client = new HttpClient(`http://mcp.example.com:${port}`, timeouts, { egress, lookup: names.lookup })

    const first = refusedOf(await client.ask(get, soon()))
    const second = refusedOf(await client.ask(get, soon()))

    assert.equal(first.why, 'the connection was refused')
    assert.equal(second.fault, refusal)
    assert.deepEqual(names.asked, ['mcp.example.com', 'mcp.example.com'], 'one question for each connection')
    assert.deepEqual(server.received, [])
    await client.close()
    await server.stop()
  })

  test('takes those of several addresses that it may go to', async () => {
    await using names = await nameServer(['169.254.169.254', '127.0.0.1'])
    const server = await httpServer((_, response) => response.end('hello'))
    const client = clientFor(`http://tools.internal:${new URL(server.url).port}`, names)

    const answer = await client.ask(get, soon())

    assert.equal(answer.is === 'answered' && answer.body.toString(), 'hello')
    await client.close()
    await server.stop()
  })

  test('that is kept alive asks no name server again: calls are as quick as without a judge', async () => {
    await using names = await nameServer(['127.0.0.1'])
    const server = await httpServer((_, response) => response.end('hello'))
    const client = clientFor(`http://tools.internal:${new URL(server.url).port}`, names)

    for (let call = 0; call < 20; call++) assert.equal((await client.ask(get, soon())).is, 'answered')

    // The second call may begin before the first connection is free again.
    assert.ok(names.asked.length <= 2, `${names.asked.length} questions for 20 calls`)
    await client.close()
    await server.stop()
  })

  for (const url of [
    'http://169.254.169.254/',
    'http://[fd00:ec2::254]/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
  ]) {
    test(`is not even begun to ${url}, which needs no looking up`, async () => {
      const { origin } = new URL(url)
      const client = new HttpClient(origin, timeouts, { egress: egressFor(origin) })
      assert.match(refusedOf(await client.ask(get, soon())).why, /where clouds hand out the keys/)
      await client.close()
    })
  }
})

function clientFor(origin: string, { lookup }: Pick<Awaited<ReturnType<typeof nameServer>>, 'lookup'>): HttpClient {
  return new HttpClient(origin, timeouts, { egress: egressFor(origin), lookup })
}

function egressFor(endpoint: string) {
  return egressOf('tools', { transport: 'http-adapter', endpoints: [endpoint], headers: {} })
}

function refusedOf(answer: Answer): Extract<Answer, { is: 'lost' }> {
  assert.ok(answer.is === 'lost', JSON.stringify(answer))
  return answer
}
