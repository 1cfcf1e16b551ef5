import { Client, type ClientOptions, ProtocolError, SdkError, SdkErrorCode } from '@modelcontextprotocol/client'
import { fault, formatDuration, type Fault, isFault, type JsonObject } from '../../kernel/index.ts'
import type { Target } from '../../gate/index.ts'
import { sendFailure } from './send-failure.ts'
import { type SessionTransport, Wire } from './wire.ts'

/** `legacy`: revisions up to 2025-11-25, greeted by `initialize`; `modern`: 2026-07-28, stateless, asked by `server/discover`. */
export type Era = 'legacy' | 'modern'

/** Which era each server (by id) answered in the last time, so that a reconnect asks the right question first. */
export type EraMemory = Map<string, Era>

export interface Greeted {
  readonly client: Client
  readonly wire: Wire
  readonly era: Era
}

interface Greeting {
  readonly transportFactory: () => Promise<SessionTransport> | SessionTransport
  readonly target: Target
  readonly onNotification: (method: string, params: JsonObject) => void
  readonly onStray: (what: string) => void
  readonly eras: EraMemory
  readonly mask: (text: string) => string
  readonly signal: AbortSignal
}

const MODERN = '2026-07-28'
const clientInfo = { name: 'castellan', version: '0.1.0' }
/** The gate owns timeouts; the SDK's timers must never win. */
const NEVER = 2 ** 31 - 1

/**
 * Connects and greets, in the era the server speaks. Over one channel (stdio, SSE, WebSocket) `initialize` is tried first,
 * since an old server may be silent, or die, when it is asked anything before it; over HTTP `server/discover` is.
 *
 * Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL` or `UPSTREAM_TIMEOUT`; nothing is left of what was begun.
 */
export async function greet(greeting: Greeting): Promise<Greeted> {
  const { target, eras, signal } = greeting
  const timeout = AbortSignal.timeout(target.timeouts.connect)
  const either = AbortSignal.any([signal, timeout])
  const remembered = eras.get(target.serverId)
  const order: Era[] = [remembered ?? (target.connection.transport === 'streamable-http' ? 'modern' : 'legacy')]
  order.push(order[0] === 'modern' ? 'legacy' : 'modern')

  let first: unknown
  for (const era of order) {
    try {
      // Half the time for the first guess about HTTP: a mute server must leave time for the other question.
      const patience = era === 'modern' && order[0] === 'modern' ? target.timeouts.connect / 2 : NEVER
      const greeted = await attempt(greeting, era, patience, either)
      eras.set(target.serverId, era)
      return greeted
    } catch (error) {
      if (timeout.aborted && !signal.aborted) throw timedOut(target)
      if (signal.aborted)
        throw fault('UPSTREAM_UNREACHABLE', { server: target.server, why: 'opening it was cancelled' })
      first ??= error
      if (!speaksAnotherEra(error)) break
    }
  }
  eras.delete(target.serverId)
  throw asFault(first, greeting)
}

async function attempt(greeting: Greeting, era: Era, patience: number, signal: AbortSignal): Promise<Greeted> {
  const { transportFactory, onNotification, onStray } = greeting
  signal.throwIfAborted()
  const wire = new Wire(await transportFactory(), onNotification)
  const client = new Client(clientInfo, optionsFor(era, patience))
  client.onerror = error => onStray(strayKind(error))
  // The SDK's probe does not look at the signal, so closing under it is what makes an abort prompt.
  const abort = (): void => wire.fail('opening it was cancelled')
  signal.addEventListener('abort', abort, { once: true })
  try {
    await client.connect(wire, { timeout: era === 'modern' ? patience : NEVER, signal })
    signal.throwIfAborted()
  } catch (error) {
    // What the transport says about its end is more precise than what the client makes of it.
    const { lost } = wire
    await wire.close()
    throw lost === null ? error : new Closed(lost)
  } finally {
    signal.removeEventListener('abort', abort)
  }
  if (era === 'modern') wire.speakModern(envelope(client.getNegotiatedProtocolVersion() ?? MODERN))
  return { client, wire, era }
}

class Closed extends Error {}

function optionsFor(era: Era, patience: number): ClientOptions {
  // No capabilities: servers have nothing to ask back for, and the client refuses if they do.
  if (era === 'legacy') return { capabilities: {}, versionNegotiation: { mode: 'legacy' } }
  return {
    capabilities: {},
    versionNegotiation: { mode: { pin: MODERN }, probe: { timeoutMs: patience, maxRetries: 0 } },
  }
}

/** Source: MCP 2026-07-28, basic: every request names its revision, client and client capabilities. */
function envelope(protocolVersion: string): JsonObject {
  return {
    'io.modelcontextprotocol/protocolVersion': protocolVersion,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
}

/** Whether the server is there and only refused the question, so that the other era's question is worth asking. */
function speaksAnotherEra(error: unknown): boolean {
  if (error instanceof ProtocolError) return true
  const { status } = sendFailure(error)
  if (status !== null)
    return status === 400 || status === 404 || status === 405 || status === 406 || status === 415 || status === 501
  if (!(error instanceof SdkError)) return false
  return (
    error.code === SdkErrorCode.RequestTimeout ||
    (error.code === SdkErrorCode.EraNegotiationFailed && error.cause === undefined)
  )
}

function asFault(error: unknown, { target, mask }: Greeting): Fault {
  const { server } = target
  if (isFault(error)) return error
  if (error instanceof Closed) return fault('UPSTREAM_UNREACHABLE', { server, why: mask(error.message) })
  if (error instanceof ProtocolError) {
    return fault('UPSTREAM_PROTOCOL', { server, why: mask(`it refused to be greeted: ${brief(error.message)}`) })
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) return timedOut(target)
  if (error instanceof SdkError && (error.code === SdkErrorCode.InvalidResult || isEraFailure(error))) {
    return fault('UPSTREAM_PROTOCOL', { server, why: 'its answer to the greeting is not valid MCP' })
  }
  if (error instanceof Error && error.message.startsWith("Server's protocol version is not supported")) {
    return fault('UPSTREAM_PROTOCOL', {
      server,
      why: mask(`it speaks a revision that is not known: ${brief(error.message.split(': ')[1] ?? '')}`),
    })
  }
  return fault('UPSTREAM_UNREACHABLE', { server, why: mask(sendFailure(error).message) })
}

function isEraFailure(error: SdkError): boolean {
  return (
    error.code === SdkErrorCode.EraNegotiationFailed && error.cause === undefined && sendFailure(error).status === null
  )
}

function timedOut(target: Target): Fault {
  return fault('UPSTREAM_TIMEOUT', { server: target.server, timeout: formatDuration(target.timeouts.connect) })
}

/** The SDK puts whole messages into its complaints; only their kind may be logged. */
function strayKind(error: Error): string {
  if (error.message.startsWith('Received a response for an unknown message'))
    return 'it sent an answer nobody asked for'
  if (error.message.startsWith('Unknown message type')) return 'it sent a message that is not JSON-RPC'
  if (error.message.startsWith('Dropped inbound request')) return 'it sent a request its revision does not have'
  return sendFailure(error).message
}

function brief(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
}
