import {
  agentToolSettings,
  fileToolsSettings,
  historySettings,
  httpFetchSettings,
  networkReconSettings,
} from '@castellan/contracts'
import type { AllowedCall, CallIo, Connector, Link, Reply, Target } from '../../gate/index.ts'
import { digestJson, fault, isFault, type JsonObject } from '../../kernel/index.ts'
import type { Discovery } from '../../registry/index.ts'
import { agent, type AgentParts } from './agent/agent.ts'
import { fileTools } from './file-tools/file-tools.ts'
import { history, type HistoryParts } from './history/history.ts'
import { httpFetch } from './http-fetch/http-fetch.ts'
import { networkRecon } from './network-recon/network-recon.ts'
import type { Tool, Toolbox } from './tool.ts'

export interface BuiltinParts extends HistoryParts, AgentParts {
  /** Where the control plane keeps what is its own: no tool gets to see it. */
  readonly ownFolder: string
}

/** Makes the tool servers callable that come with the control plane. They run in its process, and only behind the gate. */
export function builtinConnector(parts: BuiltinParts): Connector {
  return {
    transports: ['builtin'],
    async open(target, _events, signal) {
      const link = new BuiltinLink(target.server, toolboxOf(target, parts))
      await link.probe(signal)
      return link
    },
  }
}

function toolboxOf({ server, connection }: Target, parts: BuiltinParts): Toolbox {
  if (connection.transport !== 'builtin') throw new Error(`a ${connection.transport} server does not come with us`)
  const { builtin, settings } = connection
  switch (builtin) {
    case 'agent':
      return agent(agentToolSettings.parse(settings), parts)
    case 'file_tools':
      return fileTools(fileToolsSettings.parse(settings), parts.ownFolder)
    case 'history':
      return history(historySettings.parse(settings), parts)
    case 'http_fetch':
      return httpFetch(server, httpFetchSettings.parse(settings))
    case 'network_recon':
      return networkRecon(networkReconSettings.parse(settings), parts.clock)
    default:
      throw fault('UPSTREAM_UNREACHABLE', { server, why: `this version has no built-in "${builtin}"` })
  }
}

class BuiltinLink implements Link {
  readonly closed: Promise<string>
  readonly #server: string
  readonly #toolbox: Toolbox
  readonly #tools: ReadonlyMap<string, Tool>
  readonly #closing = new AbortController()
  /** Calls under way, until nothing of them is left. */
  readonly #running = new Set<Promise<Reply>>()
  readonly #end: (reason: string) => void

  constructor(server: string, toolbox: Toolbox) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#end = resolve
    this.#server = server
    this.#toolbox = toolbox
    this.#tools = new Map(toolbox.tools.map(tool => [tool.definition.name, tool]))
  }

  async probe(signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted()
      await this.#toolbox.probe(signal)
    } catch (cause) {
      if (!isFault(cause) && !signal.aborted) throw cause
      const why = isFault(cause) ? String(cause.details['why']) : 'it was given up'
      throw fault('UPSTREAM_UNREACHABLE', { server: this.#server, why }, { cause })
    }
  }

  async discover(): Promise<Discovery> {
    return {
      capabilities: [...this.#tools.values()].map(({ definition }) => ({
        server: this.#server,
        primitive: 'tool',
        name: definition.name,
        definition,
        digest: digestJson(definition),
        impliedEffect: null,
      })),
      serverCapabilities: { tools: {} },
      serverInfo: {},
      instructions: null,
      protocolVersion: null,
      ttl: null,
      warnings: [],
    }
  }

  async call({ call }: AllowedCall, { signal, onProgress }: CallIo): Promise<Reply> {
    if (call.method !== 'tools/call') {
      return { is: 'error', error: { code: -32601, message: `A built-in tool server does not know ${call.method}.` } }
    }
    const tool = this.#tools.get(call.capability.name)
    if (!tool) return { is: 'error', error: { code: -32602, message: `There is no tool "${call.capability.name}".` } }
    const either = AbortSignal.any([signal, this.#closing.signal])
    if (either.aborted) return broken(false)
    const { promise, resolve } = Promise.withResolvers<Reply>()
    const giveUp = () => resolve(broken(true))
    either.addEventListener('abort', giveUp, { once: true })
    const running = answered(tool, call, { signal: either, onProgress }).finally(() => this.#running.delete(running))
    this.#running.add(running)
    try {
      return await Promise.race([promise, running])
    } finally {
      either.removeEventListener('abort', giveUp)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#running)
    this.#end('closed')
  }
}

async function answered(
  tool: Tool,
  call: AllowedCall['call'],
  io: Pick<CallIo, 'signal' | 'onProgress'>,
): Promise<Reply> {
  try {
    const { structured, text } = await tool.run(call.args, { ...io, call })
    const content = [{ type: 'text', text: text ?? JSON.stringify(structured) }]
    return { is: 'result', result: { content, structuredContent: structured, isError: false } }
  } catch (error) {
    if (io.signal.aborted) return broken(true)
    if (!isFault(error)) throw error
    return { is: 'result', result: failure(error.message) }
  }
}

function failure(why: string): JsonObject {
  return { content: [{ type: 'text', text: why }], isError: true }
}

function broken(sent: boolean): Reply {
  return { is: 'broken', sent, retryable: false, retryAfter: null, why: 'the call was given up' }
}
