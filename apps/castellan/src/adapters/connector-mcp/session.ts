import { fault, formatDuration, isJsonObject, type JsonObject, masking } from '../../kernel/index.ts'
import type { AllowedCall, CallIo, Link, LinkEvents, Reply, Target } from '../../gate/index.ts'
import type { Discovery } from '../../registry/index.ts'
import { type Ask, discoverCapabilities } from './discovery.ts'
import { type EraMemory, type Greeted, greet } from './greeting.ts'
import { listen } from './listening.ts'
import { leastSevere } from './log-level.ts'
import { paced } from './progress-pace.ts'
import { requestFor } from './request-for.ts'
import type { Transport } from './transport.ts'
import { unlessAborted } from './unless-aborted.ts'
import { watchByListening, watchBySubscribing, Watching } from './watching.ts'
import type { WireReply } from './wire.ts'

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
  const masked: LinkEvents = { ...events, onLog: line => events.onLog?.(mask(line)) }
  const greeted = await greet({ transportFactory, target, eras, mask, signal, events: masked })
  return session(greeted, target, masked, mask)
}

function session(
  { wire, questions, revision, greeting }: Greeted,
  target: Target,
  events: LinkEvents,
  mask: (text: string) => string,
): Link {
  const { era, hasRequestStreams } = wire
  const capabilities = isJsonObject(greeting.capabilities) ? greeting.capabilities : {}
  const listening = era === 'modern' ? listen(wire, capabilities, events) : null
  const { read } = target.timeouts
  const tell = async (method: string, params: JsonObject): Promise<Reply> =>
    asReply(await wire.request({ method, params, signal: AbortSignal.timeout(read) }), mask)
  const watching: Watching = new Watching(
    listening === null ? watchBySubscribing(tell) : watchByListening(listening, () => watching.uris),
    capabilities,
  )
  const speakUp =
    era === 'legacy' && capabilities.logging !== undefined
      ? leastSevere(level => tell('logging/setLevel', { level }))
      : () => null
  const closed = wire.closed.then(mask)
  void closed.then(() => listening?.stop())

  const ask: Ask = async (method, params, signal) => {
    const timeout = AbortSignal.timeout(read)
    const reply = await wire.request({ method, params, signal: AbortSignal.any([signal, timeout]) })
    if (reply.is !== 'broken') return reply
    const { server } = target
    if (timeout.aborted) throw fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(read) })
    throw reply.fault ?? fault('UPSTREAM_UNREACHABLE', { server, why: mask(reply.why) })
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

    async call({ call }: AllowedCall, { signal, onProgress, client }: CallIo): Promise<Reply> {
      const request = requestFor(call, hasRequestStreams && era === 'modern')
      if ('error' in request) return { is: 'error', error: request.error }
      const { uri } = request.params
      if (call.method === 'resources/subscribe' && typeof uri === 'string') return watching.watch(uri, signal)
      const speaking = client && speakUp(client.logLevel)
      if (speaking) await unlessAborted(signal, speaking)
      const pace = onProgress && paced(onProgress)
      const reply = await wire.request({ ...request, signal, client, onProgress: pace && pace.take })
      pace?.end()
      if (reply.is === 'error') questions.refused(reply.error, client)
      return asReply(reply, mask)
    },

    unwatch(uri: string): void {
      watching.unwatch(uri)
    },

    async close(): Promise<void> {
      listening?.stop()
      await wire.close()
    },
  }
}

function asReply(reply: WireReply, mask: (text: string) => string): Reply {
  switch (reply.is) {
    case 'result':
      // Any other type, known or not, is the caller's to understand.
      return reply.result.resultType === 'input_required' ? { is: 'inputRequired', result: reply.result } : reply
    case 'error':
      return reply
    case 'broken': {
      const { status: _, why, ...rest } = reply
      return { ...rest, why: mask(why) }
    }
    default:
      throw reply satisfies never
  }
}
