import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import { isFault } from '../../kernel/index.ts'
import { httpServer } from '../http-client/fixtures/http-server.ts'
import { nameServer } from '../http-client/fixtures/name-server.ts'
import { networkTarget, openSockets } from './fixtures/spawned-fixture.ts'
import { spawned } from './fixtures/spawned.ts'
import { mcpConnector } from './index.ts'

const soon = () => AbortSignal.timeout(10_000)

for (const [transport, scheme, path, script] of [
  ['streamable-http', 'http', '/mcp', 'streamable-http-server.ts'],
  ['sse', 'http', '/sse', 'sse-server.ts'],
  ['websocket', 'ws', '/mcp', 'websocket-server.ts'],
] as const) {
  describe(`a server over ${transport}`, { timeout: 60_000 }, () => {
    test('with a name that moves to this machine is not spoken to there any more (DNS rebinding)', async () => {
      const server = await spawned([new URL(`fixtures/${script}`, import.meta.url).pathname])
      // At first only its owner's own name server knows the name, as near by; later somebody else's, as public.
      await using names = await nameServer(['127.0.0.1'])
      const connector = mcpConnector({ environment: {}, lookup: names.lookup })
      const open = (host: string) =>
        connector.open(
          networkTarget(transport, `${scheme}://${host}:${server.port}${path}`),
          { onListChanged: () => {} },
          soon(),
        )

      const link = await open('tools.internal')
      await link.probe(soon())
      await link.close()
      await assert.rejects(open('mcp.example.com'), error => {
        assert.ok(isFault(error, 'EGRESS_REFUSED'), String(error))
        assert.match(error.message, /mcp\.example\.com is found at 127\.0\.0\.1, this machine/)
        return true
      })
      names.answers = [['169.254.169.254']]
      await assert.rejects(open('tools.internal'), { code: 'EGRESS_REFUSED', message: /clouds hand out the keys/ })
      await assert.rejects(open('169.254.169.254'), { code: 'EGRESS_REFUSED', message: /clouds hand out the keys/ })

      await eventually('no socket is left', async () => openSockets().length === 0)
      await server.kill()
    })

    test('cannot redirect to another host, whatever is there', async () => {
      const trap = await httpServer((_, response) => response.end('secret'))
      const server = await httpServer((_, response) => response.writeHead(307, { location: `${trap.url}/mcp` }).end())
      const target = networkTarget(transport, server.url.replace('http', scheme))
      const opening = mcpConnector({ environment: {} }).open(target, { onListChanged: () => {} }, soon())
      await assert.rejects(opening, error => isFault(error))
      assert.ok(server.received.length > 0)
      assert.deepEqual(trap.received, [])
      await Promise.all([server.stop(), trap.stop()])
    })
  })
}
