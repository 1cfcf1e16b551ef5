import { fault, formatDuration, isJsonObject, type JsonObject, masking } from '../../kernel/index.ts'
import type { AllowedCall, CallIo, Link, LinkEvents, Reply, Target } from '../../gate/index.ts'
import type { Discovery } from '../../registry/index.ts'
import { type Ask, discoverCapabilities } from './discovery.ts'
import { type EraMemory, type Greeted, greet } from './greeting.ts'
import { listen } from './listening.ts'
import { requestFor } from './request-for.ts'
import type { Transport } from './transport.ts'
import type { Wire, WireEvents } from './wire.ts'

/**
 * Opens a session over any transport, whichever revision the server speaks. The factory may be asked twice, once for each
 * era's greeting; a transport it made is closed before the next is asked for, and `close` of a transport ends everything
 * of it (an HTTP session is also deleted at the server).
 *
 * Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL` or `UPSTREAM_TIMEOUT`, and leaves nothing behind when it throws.
 */
export async function openSession(
  transportFactory: () => Promise<Transport> | Transport,
  target: Target,
  events: LinkEvents,
  signal: AbortSignal,
  eras: EraMemory = new Map(),
): Promise<Link> {
  const mask = masking(target.values)
  const log = onceEach(line => events.onLog?.(mask(line)))
  const greeted = await greet({
    transportFactory,
    target,
    eras,
    mask,
    signal,
    events: wire => eventsOf(wire, events, log),
  })
  return session(greeted, target, events, mask)
}

function eventsOf(wire: () => Wire, events: LinkEvents, log: Log): WireEvents {
  return {
    notified: (method, params) => notify(events, log.always, method, params),
    asked: (method, _, id) => {
      if (method === 'ping') wire().answer(id, { result: {} })
      else wire().answer(id, { error: { code: -32601, message: 'There is nobody to ask.' } })
    },
    stray: what => log.once(what),
  }
}

function session(
  { wire, era, revision, greeting }: Greeted,
  target: Target,
  events: LinkEvents,
  mask: (text: string) => string,
): Link {
  const capabilities = isJsonObject(greeting.capabilities) ? greeting.capabilities : {}
  const { hasRequestStreams } = wire
  const listening = era === 'modern' ? listen(wire, capabilities, events) : null
  const closed = wire.closed.then(mask)
  void closed.then(() => listening?.stop())

  const ask: Ask = async (method, params, signal) => {
    const timeout = AbortSignal.timeout(target.timeouts.read)
    const reply = await wire.request({ method, params, signal: AbortSignal.any([signal, timeout]) })
    if (reply.is !== 'broken') return reply
    const { server } = target
    if (timeout.aborted) throw fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(target.timeouts.read) })
    throw fault('UPSTREAM_UNREACHABLE', { server, why: mask(reply.why) })
  }

  return {
    closed,

    discover(signal: AbortSignal): Promise<Discovery> {
      return discoverCapabilities(ask, { target, era, revision, greeting, hasRequestStreams, mask }, signal)
    },

    async probe(signal: AbortSignal): Promise<void> {
      // Any answer proves life, also "method not found": `ping` is optional in practice.
      await ask(era === 'modern' ? 'server/discover' : 'ping', {}, signal)
    },

    async call(allowed: AllowedCall, { signal, onProgress }: CallIo): Promise<Reply> {
      const request = requestFor(allowed.call, hasRequestStreams && era === 'modern')
      if ('error' in request) return { is: 'error', error: request.error }
      const reply = await wire.request({ ...request, signal, onProgress })
      if (reply.is === 'broken') {
        const { sent, retryable, retryAfter, why } = reply
        return { is: 'broken', sent, retryable, retryAfter, why: mask(why) }
      }
      if (reply.is === 'result' && reply.result.resultType === 'input_required') {
        return { is: 'inputRequired', result: reply.result }
      }
      return reply
    },

    async close(): Promise<void> {
      listening?.stop()
      await wire.close()
    },
  }
}

function notify(events: LinkEvents, log: (line: string) => void, method: string, params: JsonObject): void {
  switch (method) {
    case 'notifications/tools/list_changed':
      return events.onListChanged('tools')
    case 'notifications/resources/list_changed':
      return events.onListChanged('resources')
    case 'notifications/prompts/list_changed':
      return events.onListChanged('prompts')
    case 'notifications/resources/updated':
      if (typeof params.uri === 'string') events.onResourceUpdated?.(params.uri)
      return
    case 'notifications/message': {
      // Only who spoke and how loud: what was said may hold arguments and results.
      const level = typeof params.level === 'string' ? params.level.slice(0, 20) : 'info'
      const logger = typeof params.logger === 'string' ? params.logger.slice(0, 80) : 'server'
      return log(`${level}: ${logger}`)
    }
    default:
  }
}

/** A server that floods us with the same nonsense is reported once. */
function onceEach(say: (line: string) => void): Log {
  const said = new Set<string>()
  return {
    always: say,
    once: line => {
      if (said.has(line) || said.size >= 100) return
      said.add(line)
      say(line)
    },
  }
}

interface Log {
  readonly always: (line: string) => void
  readonly once: (line: string) => void
}
