import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Handler, httpServer } from '../http-client/fixtures/http-server.ts'
import { webhookPost } from './index.ts'

const message = { headers: { 'webhook-id': 'm1', 'content-type': 'application/json' }, body: '{"text":"ä"}' }
const patience = () => AbortSignal.timeout(5_000)

async function listening(handler: Handler) {
  const server = await httpServer(handler)
  return { ...server, [Symbol.asyncDispose]: () => server.stop() }
}

describe('a message to the outside', () => {
  test('arrives as it is, and the status comes back', async () => {
    await using server = await listening((_, response) => response.writeHead(202).end('thanks'))
    assert.deepEqual(await webhookPost(`${server.url}/a/b?c=d`, message, patience()), { status: 202, retryAfter: null })
    const [{ method, url, headers, body } = {} as never] = server.received
    assert.deepEqual([method, url, headers['webhook-id'], body], ['POST', '/a/b?c=d', 'm1', message.body])
    assert.deepEqual(await server.connections(), [])
  })

  test('is not carried on to where a redirect points', async () => {
    await using other = await listening((_, response) => response.end())
    await using server = await listening((_, response) => response.writeHead(307, { location: other.url }).end())
    assert.deepEqual(await webhookPost(server.url, message, patience()), { status: 307, retryAfter: null })
    assert.equal(other.received.length, 0)
  })

  test('ends with its signal when nobody answers, and with a status when an answer has no end', async () => {
    await using server = await listening(({ url }, response) => {
      if (url === '/endless') response.writeHead(200).write('x'.repeat(1_000_000))
    })
    const hung = await webhookPost(server.url, message, AbortSignal.timeout(100))
    assert.ok('lost' in hung)
    assert.deepEqual(await webhookPost(`${server.url}/endless`, message, patience()), { status: 200, retryAfter: null })
    assert.deepEqual(await server.connections(), [])
  })

  test('brings back for how long nothing more is wanted', async () => {
    await using server = await listening((_, response) => response.writeHead(429, { 'retry-after': '7' }).end())
    assert.deepEqual(await webhookPost(server.url, message, patience()), { status: 429, retryAfter: 7_000 })
  })

  test('does not go to where clouds hand out keys', async () => {
    const answer = await webhookPost('http://169.254.169.254/latest', message, patience())
    assert.ok('lost' in answer && /leads to where it may not/.test(answer.lost), JSON.stringify(answer))
  })

  test('goes nowhere when nobody listens, or the address is none', async () => {
    const server = await httpServer(() => undefined)
    await server.stop()
    assert.deepEqual(await webhookPost(server.url, message, patience()), { lost: 'the connection was refused' })
    for (const url of ['', 'nonsense', 'file:///etc/passwd', 'ftp://x.example/']) {
      assert.deepEqual(await webhookPost(url, message, patience()), { lost: 'its address is not an http or https URL' })
    }
  })
})
