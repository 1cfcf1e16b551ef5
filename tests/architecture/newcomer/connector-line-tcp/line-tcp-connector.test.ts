import { connectorSuite } from '../../gate/connector.testsuite.ts'
import type { Target } from '../../gate/index.ts'
import { defaultTimeouts } from '../../registry/index.ts'
import { definitions, lineServer } from './fixtures/line-server.ts'
import { lineTcpConnector } from './line-tcp-connector.ts'

await connectorSuite('the connector of line servers', async () => {
  const server = await lineServer()
  return {
    connector: lineTcpConnector,
    target: targetAt(server.url),
    unreachable: targetAt('tcp://127.0.0.1:1'),
    offers: definitions.map(definition => ({ primitive: 'tool', name: definition.name, definition }) as const),
    echo: text => ({ tool: 'echo', args: { text } }),
    fail: { tool: 'fail', args: {} },
    refuse: { ask: { tool: 'refuse', args: {} }, code: -32001 },
    slow: {
      ask: text => ({ tool: 'slow', args: { text } }),
      started: { tool: 'started', args: {} },
      cancelled: { tool: 'cancelled', args: {} },
    },
    crash: text => ({ tool: 'crash', args: { text } }),
    big: characters => ({ tool: 'big', args: { characters } }),
    leftovers: server.connections,
    stop: server.stop,
  }
})

function targetAt(endpoint: string): Target {
  return {
    serverId: 'id-of-lines',
    server: 'lines',
    replica: 0,
    connection: { transport: 'line-tcp', endpoints: [endpoint], headers: {} },
    endpoint,
    values: { Authorization: 'Bearer s3cret-t0ken' },
    timeouts: defaultTimeouts,
    announces: {},
  }
}
