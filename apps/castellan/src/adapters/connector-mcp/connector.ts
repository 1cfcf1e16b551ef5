import type { Connector, LinkEvents, Target } from '../../gate/index.ts'
import { calmed } from './calm-events.ts'
import type { EraMemory } from './greeting.ts'
import { openSession } from './session.ts'
import { sseTransport } from './sse.ts'
import { type Environment, stdioTransport } from './stdio.ts'
import { streamableHttpTransport } from './streamable-http.ts'
import { webSocketTransport } from './websocket.ts'
import type { Transport } from './transport.ts'

/**
 * Connects to MCP servers of every revision, over every transport that carries the protocol itself.
 * Child processes inherit a few variables of `environment`, such as PATH, and nothing else of it.
 */
export function mcpConnector({ environment }: { readonly environment: Environment }): Connector {
  const eras: EraMemory = new Map()
  return {
    transports: ['stdio', 'streamable-http', 'sse', 'websocket'],
    open(target, given, signal) {
      const events = calmed(given)
      return openSession(() => transportFor(target, events, environment), target, events, signal, eras)
    },
  }
}

function transportFor(target: Target, events: LinkEvents, environment: Environment): Transport {
  const { transport } = target.connection
  switch (transport) {
    case 'stdio':
      return stdioTransport(target, environment, line => events.onLog?.(line))
    case 'streamable-http':
      return streamableHttpTransport(target)
    case 'sse':
      return sseTransport(target)
    case 'websocket':
      return webSocketTransport(target)
    // Not a list of the others: whoever adds a transport has nothing to do here.
    default:
      throw new Error(`a ${transport} server does not speak MCP`)
  }
}
