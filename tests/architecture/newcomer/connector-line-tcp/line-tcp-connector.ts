import type { AllowedCall, CallIo, Connector, Link, Reply, Target } from '../../gate/index.ts'
import { digestJson, fault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Capability, Discovery } from '../../registry/index.ts'
import { Conversation } from './conversation.ts'

/**
 * Makes tool servers callable that speak lines of JSON over TCP: each question is `{"id", "headers", …}` with either
 * `"list": true`, answered by `{"id", "tools": […]}`, or `"call": name, "arguments": {…}`, answered by
 * `{"id", "result": {…}}` or `{"id", "error": {"code", "message"}}`. `{"cancel": id}` gives a question up.
 */
export const lineTcpConnector: Connector = {
  transports: ['line-tcp'],
  async open(target, _events, signal) {
    const { hostname, port } = new URL(target.endpoint)
    const soon = AbortSignal.any([signal, AbortSignal.timeout(target.timeouts.connect)])
    const conversation = await Conversation.open(hostname, Number(port), soon)
    if (!conversation) throw fault('UPSTREAM_UNREACHABLE', { server: target.server, why: 'nobody answers there' })
    return new LineTcpLink(target, conversation)
  },
}

class LineTcpLink implements Link {
  readonly closed: Promise<string>
  readonly #target: Target
  readonly #conversation: Conversation

  constructor(target: Target, conversation: Conversation) {
    this.#target = target
    this.#conversation = conversation
    this.closed = conversation.closed
  }

  async discover(signal: AbortSignal): Promise<Discovery> {
    const tools = await this.#list(signal)
    const warnings: string[] = []
    const capabilities: Capability[] = []
    for (const tool of tools) {
      if (isJsonObject(tool) && typeof tool.name === 'string') capabilities.push(this.#capability(tool.name, tool))
      else warnings.push('tool left out: its definition has no name')
    }
    return {
      capabilities,
      serverCapabilities: { tools: {} },
      serverInfo: {},
      instructions: null,
      protocolVersion: null,
      ttl: null,
      warnings,
    }
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#list(signal)
  }

  async call({ call }: AllowedCall, { signal }: CallIo): Promise<Reply> {
    if (call.method !== 'tools/call') {
      return { is: 'error', error: { code: -32601, message: `A line server does not know ${call.method}.` } }
    }
    const said = await this.#ask({ call: call.capability.name, arguments: call.args }, signal)
    if (said.is === 'lost') return { ...said, is: 'broken', retryable: !signal.aborted, retryAfter: null }
    const { result, error } = said.answer
    if (isJsonObject(result)) return { is: 'result', result }
    if (isJsonObject(error)) return { is: 'error', error: { code: Number(error.code), message: String(error.message) } }
    return { is: 'broken', sent: true, retryable: false, retryAfter: null, why: 'it answered without a result' }
  }

  close(): Promise<void> {
    return this.#conversation.close()
  }

  async #list(signal: AbortSignal): Promise<readonly JsonValue[]> {
    const { server, timeouts } = this.#target
    const said = await this.#ask({ list: true }, AbortSignal.any([signal, AbortSignal.timeout(timeouts.read)]))
    if (said.is === 'lost') throw fault('UPSTREAM_UNREACHABLE', { server, why: said.why })
    const { tools } = said.answer
    if (!Array.isArray(tools)) throw fault('UPSTREAM_PROTOCOL', { server, why: 'it listed no tools' })
    return tools as readonly JsonValue[]
  }

  #ask(question: JsonObject, signal: AbortSignal) {
    return this.#conversation.ask({ headers: this.#target.values, ...question }, signal)
  }

  #capability(name: string, definition: JsonObject): Capability {
    const digest = digestJson(definition)
    return { server: this.#target.serverId, primitive: 'tool', name, definition, digest, impliedEffect: null }
  }
}
