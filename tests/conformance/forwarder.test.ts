import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { forwarder } from './forwarder.ts'

test('adds its header and leaves all others as they were, Host and the spelling of names included', async () => {
  await using target = await listening(response => response.end(JSON.stringify(response.req.rawHeaders)))
  await using front = await forwarder(target.url, ['authorization', 'Bearer k'])

  const answer = await ask(front.url, { headers: { 'MCP-METHOD': 'ping', Host: 'evil.example' } })

  const seen = JSON.parse(answer) as string[]
  assert.deepEqual(seen.slice(0, 4), ['MCP-METHOD', 'ping', 'Host', 'evil.example'])
  assert.deepEqual(seen.slice(-2), ['authorization', 'Bearer k'])
})

test('hands a piece of an answer on before the next one is there, and hangs up when the client does', async () => {
  const { promise: hungUp, resolve } = Promise.withResolvers<void>()
  await using target = await listening(response => {
    response.write('first')
    response.once('close', resolve)
  })
  await using front = await forwarder(target.url, ['authorization', 'Bearer k'])

  const asking = request(front.url, { agent: false }).end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  const [piece] = (await once(answer, 'data')) as [Buffer]
  assert.equal(piece.toString(), 'first')
  asking.destroy()

  await hungUp
})

async function listening(answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

async function ask(url: string, options: { readonly headers: Readonly<Record<string, string>> }): Promise<string> {
  const asking = request(url, { ...options, agent: false }).end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  return await text(answer)
}
