import type { LookupFunction } from 'node:net'
import type { Connector, LinkEvents, Target } from '../../gate/index.ts'
import { calmed } from './calm-events.ts'
import type { EraMemory } from './greeting.ts'
import { openSession } from './session.ts'
import type { Environment } from './sandbox/host.ts'
import { sseTransport } from './sse.ts'
import { stdioTransport } from './stdio.ts'
import { streamableHttpTransport } from './streamable-http.ts'
import { webSocketTransport } from './websocket.ts'
import type { Transport } from './transport.ts'

export interface Surroundings {
  /** The control plane's own. Child processes inherit a few variables of it, such as PATH, and nothing else. */
  readonly environment: Environment
  /** What no sandboxed process may see: the folder in which the control plane keeps its keys and its store. */
  readonly ownFolder?: string
  /** Looks names up in place of the system. */
  readonly lookup?: LookupFunction
}

/**
 * Connects to MCP servers of every revision, over every transport that carries the protocol itself.
 */
export function mcpConnector(surroundings: Surroundings): Connector {
  const eras: EraMemory = new Map()
  return {
    transports: ['stdio', 'streamable-http', 'sse', 'websocket'],
    open(target, given, signal) {
      const events = calmed(given)
      return openSession(() => transportFor(target, events, surroundings), target, events, signal, eras)
    },
  }
}

function transportFor(target: Target, events: LinkEvents, { environment, ownFolder, lookup }: Surroundings): Transport {
  const { transport } = target.connection
  const resolving = lookup === undefined ? {} : { lookup }
  switch (transport) {
    case 'stdio':
      return stdioTransport(target, { environment, ...(ownFolder === undefined ? {} : { ownFolder }) }, line =>
        events.onLog?.(line),
      )
    case 'streamable-http':
      return streamableHttpTransport(target, resolving)
    case 'sse':
      return sseTransport(target, resolving)
    case 'websocket':
      return webSocketTransport(target, resolving)
    // Not a list of the others: whoever adds a transport has nothing to do here.
    default:
      throw new Error(`a ${transport} server does not speak MCP`)
  }
}
