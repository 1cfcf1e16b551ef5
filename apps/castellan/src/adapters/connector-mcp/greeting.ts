import {
  type Fault,
  fault,
  type FaultCode,
  formatDuration,
  isFault,
  isJsonObject,
  type JsonObject,
} from '../../kernel/index.ts'
import type { LinkEvents, Target } from '../../gate/index.ts'
import type { Questions } from './questions.ts'
import { SaidUnasked } from './said-unasked.ts'
import { SendFailure, sendFailure } from './send-failure.ts'
import type { Era, Transport } from './transport.ts'
import type { Wire, WireReply } from './wire.ts'

/** Which era each server (by id) answered in the last time, so that a reconnect asks the right question first. */
export type EraMemory = Map<string, Era>

export interface Greeted {
  readonly wire: Wire
  readonly questions: Questions
  readonly revision: string
  /** Result of `initialize` or `server/discover`, whichever greeted the server, as it came. */
  readonly greeting: JsonObject
}

interface Greeting {
  readonly transportFactory: () => Promise<Transport> | Transport
  readonly target: Target
  readonly events: LinkEvents
  readonly eras: EraMemory
  readonly mask: (text: string) => string
  readonly signal: AbortSignal
}

const MODERN = '2026-07-28'
const LATEST_LEGACY = '2025-11-25'
const legacyRevisions: readonly unknown[] = ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', LATEST_LEGACY]
const clientInfo = { name: 'castellan', version: '0.1.0' }

type Attempt =
  | { readonly is: 'greeted'; readonly greeted: Greeted }
  /** Whether the server is there and only refused the question, so that the other era's question is worth asking. */
  | { readonly is: 'failed'; readonly fault: Fault; readonly askOtherwise: boolean }

/**
 * Connects and greets, in the era the server speaks. Over one channel (stdio, SSE, WebSocket) `initialize` is tried first,
 * since an old server may be silent, or die, when it is asked anything before it; over HTTP `server/discover` is.
 *
 * Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL`, `UPSTREAM_TIMEOUT` or `UPSTREAM_AUTHORIZATION_REQUIRED`; nothing is left of what was begun.
 * Source: MCP 2025-11-25, lifecycle; MCP 2026-07-28, discovery and versioning.
 */
export async function greet(greeting: Greeting): Promise<Greeted> {
  const { target, eras, signal } = greeting
  const timeout = AbortSignal.timeout(target.timeouts.connect)
  const either = AbortSignal.any([signal, timeout])
  const remembered = eras.get(target.serverId)
  const order: Era[] = [remembered ?? (target.connection.transport === 'streamable-http' ? 'modern' : 'legacy')]
  order.push(order[0] === 'modern' ? 'legacy' : 'modern')

  let first: Fault | undefined
  for (const era of order) {
    // Half the time for the first guess about HTTP: a mute server must leave time for the other question.
    const patient = era === 'legacy' || order[0] === 'legacy'
    const patience = patient ? either : AbortSignal.any([either, AbortSignal.timeout(target.timeouts.connect / 2)])
    const attempt = await attemptIn(era, greeting, patience, either)
    if (attempt.is === 'greeted') {
      eras.set(target.serverId, era)
      return attempt.greeted
    }
    if (signal.aborted) throw unreachable(target, 'opening it was cancelled')
    if (timeout.aborted) throw timedOut(target)
    first ??= attempt.fault
    if (!attempt.askOtherwise) break
  }
  eras.delete(target.serverId)
  throw first!
}

async function attemptIn(era: Era, greeting: Greeting, patience: AbortSignal, signal: AbortSignal): Promise<Attempt> {
  const { transportFactory, target, mask, events } = greeting
  let said: SaidUnasked | null = null
  // A transport that connects does not look at the signal, so closing under it is what makes an abort prompt.
  const abort = (): void => said?.wire.fail('opening it was cancelled')
  signal.addEventListener('abort', abort, { once: true })
  let attempt: Attempt
  try {
    said = new SaidUnasked(await transportFactory(), events)
    signal.throwIfAborted()
    await said.wire.start()
    attempt = era === 'modern' ? await discover(said, greeting, patience) : await initialize(said, greeting, patience)
  } catch (error) {
    const failure = sendFailure(error)
    const found = isFault(error) ? error : (failure.fault ?? unreachable(target, mask(failure.message)))
    attempt = { is: 'failed', fault: found, askOtherwise: false }
  } finally {
    signal.removeEventListener('abort', abort)
  }
  if (attempt.is === 'greeted') {
    if (!signal.aborted) return attempt
    attempt = failed(unreachable(target, 'opening it was cancelled'))
  }
  const lost = said?.wire.lost ?? null
  await said?.wire.close()
  // What the transport says about its end is more precise than what was made of it.
  const isSettled = attempt.is === 'failed' && SETTLED.has(attempt.fault.code)
  if (lost !== null && !isSettled) return { is: 'failed', fault: unreachable(target, mask(lost)), askOtherwise: false }
  return attempt
}

/** Faults that say all there is to say. */
const SETTLED: ReadonlySet<FaultCode> = new Set([
  'UPSTREAM_AUTHORIZATION_REQUIRED',
  'EGRESS_REFUSED',
  'SANDBOX_UNAVAILABLE',
])

async function initialize(said: SaidUnasked, greeting: Greeting, signal: AbortSignal): Promise<Attempt> {
  const { wire } = said
  const { target, mask } = greeting
  const params = { protocolVersion: LATEST_LEGACY, capabilities: target.announces, clientInfo }
  const reply = await wire.request({ method: 'initialize', params, signal, uncancellable: true })
  if (reply.is !== 'result') return refused(reply, greeting, signal)
  const { protocolVersion, capabilities, serverInfo } = reply.result
  if (typeof protocolVersion !== 'string' || !isJsonObject(capabilities) || !isJsonObject(serverInfo)) {
    return failed(notMcp(target))
  }
  if (!legacyRevisions.includes(protocolVersion)) {
    return failed(unknownRevision(target, mask(plain(protocolVersion))), protocolVersion === MODERN)
  }
  wire.speak(protocolVersion, 'legacy', null)
  const over = wire.closed.then(reason => new SendFailure(reason, { sent: true, retryable: true }))
  const failure = await Promise.race([wire.notify('notifications/initialized', null), over])
  if (failure !== null) return failed(failure.fault ?? unreachable(target, mask(failure.message)))
  return greeted(said, protocolVersion, reply.result)
}

async function discover(said: SaidUnasked, greeting: Greeting, signal: AbortSignal): Promise<Attempt> {
  const { wire } = said
  const { target, mask } = greeting
  wire.speak(MODERN, 'modern', envelope(MODERN))
  const question = { method: 'server/discover', params: {}, signal }
  let reply = await wire.request(question)
  // Whoever refuses a revision and names the same one is asked once more, and never in the old way.
  if (isRefusalOf(reply, MODERN)) {
    reply = await wire.request(question)
    if (isRefusalOf(reply, MODERN)) return failed(notMcp(target))
  }
  if (reply.is !== 'result') return refused(reply, greeting, signal)
  const { supportedVersions, capabilities } = reply.result
  if (!Array.isArray(supportedVersions) || !isJsonObject(capabilities)) return failed(notMcp(target), true)
  if (!supportedVersions.includes(MODERN)) {
    return failed(unknownRevision(target, mask(plain(supportedVersions.join(', ')))), true)
  }
  return greeted(said, MODERN, reply.result)
}

function greeted({ wire, questions }: SaidUnasked, revision: string, greeting: JsonObject): Attempt {
  return { is: 'greeted', greeted: { wire, questions, revision, greeting } }
}

function failed(cause: Fault, askOtherwise = false): Attempt {
  return { is: 'failed', fault: cause, askOtherwise }
}

/** Any error of the protocol may mean that the server does not know the question. */
function refused(
  reply: Exclude<WireReply, { is: 'result' }>,
  { target, mask }: Greeting,
  signal: AbortSignal,
): Attempt {
  const { server } = target
  if (reply.is === 'error') {
    const { message } = reply.error
    const supported = supportedBy(reply)
    if (supported !== null && !supported.some(each => each === MODERN || legacyRevisions.includes(each))) {
      return failed(unknownRevision(target, mask(plain(supported.join(', ')))))
    }
    return failed(
      fault('UPSTREAM_PROTOCOL', { server, why: mask(`it refused to be greeted: ${plain(message)}`) }),
      true,
    )
  }
  if (signal.aborted) return failed(timedOut(target), true)
  const { status, why } = reply
  if (reply.fault !== undefined) return failed(reply.fault)
  return failed(unreachable(target, mask(why)), status !== null && askedWrongly.includes(status))
}

function isRefusalOf(reply: WireReply, revision: string): boolean {
  return reply.is === 'error' && supportedBy(reply)?.includes(revision) === true
}

/** The revisions a server says it speaks when it refuses the one it was asked in. */
function supportedBy({ error: { code, data } }: Extract<WireReply, { is: 'error' }>): readonly unknown[] | null {
  return code === UNSUPPORTED_REVISION && isJsonObject(data) && Array.isArray(data.supported) ? data.supported : null
}

/** Source: MCP 2026-07-28, error codes. */
const UNSUPPORTED_REVISION = -32022
/** HTTP statuses by which servers refuse a question of an era that is not theirs, or answer it with anything. */
const askedWrongly: readonly number[] = [200, 202, 400, 404, 405, 406, 415, 501]

/** Source: MCP 2026-07-28, basic: every request names its revision, client and client capabilities. */
function envelope(protocolVersion: string): JsonObject {
  return {
    'io.modelcontextprotocol/protocolVersion': protocolVersion,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
}

function unreachable({ server }: Target, why: string): Fault {
  return fault('UPSTREAM_UNREACHABLE', { server, why })
}

function notMcp({ server }: Target): Fault {
  return fault('UPSTREAM_PROTOCOL', { server, why: 'its answer to the greeting is not valid MCP' })
}

function unknownRevision({ server }: Target, given: string): Fault {
  return fault('UPSTREAM_PROTOCOL', { server, why: `it speaks a revision that is not known: ${given}` })
}

function timedOut({ server, timeouts }: Target): Fault {
  return fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(timeouts.connect) })
}

/** The server's words end up in logs and terminals. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
}
