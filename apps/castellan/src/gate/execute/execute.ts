import { type Clock, fault, type Fault, formatDuration, type JsonObject } from '../../kernel/index.ts'
import type { AllowedCall } from '../allowed-call.ts'
import type { Call } from '../call.ts'
import type { CallIo, Reply } from '../connector.ts'
import type { Outcome } from '../verdict.ts'
import { Breakers, type BreakerSettings } from './breaker.ts'
import { mayRepeat, pause, pauseBefore } from './retry.ts'

/** Sends an allowed call once. */
export type Send = (allowed: AllowedCall, io: CallIo) => Promise<Reply>

export interface Execution {
  readonly outcome: Outcome
  /** How often something was tried, refusals by an open circuit included. */
  readonly attempts: number
  /** Set when this call opened the circuit of its server or tool. */
  readonly opened: string | null
}

/**
 * Runs an allowed call to its end: within its time, through the circuit breakers, repeated only as its effect class
 * allows, and with an honest outcome when the end was never seen.
 */
export class Executor {
  readonly #send: Send
  readonly #breakers: Breakers

  constructor(send: Send, clock: Clock, breaker?: BreakerSettings) {
    this.#send = send
    this.#breakers = new Breakers(clock, breaker)
  }

  async run(allowed: AllowedCall, io: CallIo): Promise<Execution> {
    const { call } = allowed
    const limit = call.server.tools[call.capability.name]?.timeout ?? call.server.timeouts.call
    const timeout = AbortSignal.timeout(limit)
    const signal = AbortSignal.any([io.signal, timeout])
    let opened: string | null = null
    // Whether any attempt may have reached the server: a later one that did not cannot undo that.
    let maybeSent = false
    for (let attempt = 1; ; attempt++) {
      const resting = this.#admit(call)
      if (resting) return { outcome: failed(resting), attempts: attempt, opened }
      const reply = await this.#attempt(allowed, { ...io, signal })
      opened ??= this.#report(call, reply, io.signal.aborted)
      if (reply.is === 'result') return { outcome: fromResult(reply.result), attempts: attempt, opened }
      if (reply.is === 'error')
        return { outcome: { is: 'failed', error: reply.error, fault: null }, attempts: attempt, opened }
      maybeSent ||= reply.sent
      const ended = (outcome: Outcome): Execution => ({ outcome, attempts: attempt, opened })
      if (signal.aborted) return ended(gaveUp(call, maybeSent, io.signal.aborted, limit))
      if (attempt >= call.server.maxAttempts || !mayRepeat(call.effect, reply))
        return ended(broke(call, maybeSent, reply))
      try {
        await pause(pauseBefore(attempt + 1, reply.retryAfter), signal)
      } catch {
        return ended(gaveUp(call, maybeSent, io.signal.aborted, limit))
      }
    }
  }

  /** Connectors settle promptly when aborted; one that does not is left behind, and the call counts as sent. */
  async #attempt(allowed: AllowedCall, io: CallIo): Promise<Reply> {
    const { promise: overdue, resolve } = Promise.withResolvers<Reply>()
    let timer: NodeJS.Timeout | undefined
    const onAbort = () => {
      timer = setTimeout(resolve, GRACE, {
        is: 'broken',
        sent: true,
        retryable: false,
        retryAfter: null,
        why: 'no answer',
      })
    }
    io.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.#send(allowed, io), overdue])
    } finally {
      io.signal.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    }
  }

  #admit(call: Call): Fault | undefined {
    const keys = keysOf(call)
    const resting = keys.find(key => !this.#breakers.admit(key))
    if (resting === undefined) return undefined
    // A trial that an earlier circuit has just let out does not take place.
    for (const key of keys.slice(0, keys.indexOf(resting))) this.#breakers.abandoned(key)
    const rest = formatDuration(Math.max(1_000, Math.ceil(this.#breakers.restsFor(resting) / 1_000) * 1_000))
    return fault('CIRCUIT_OPEN', { server: call.server.name, rest })
  }

  #report(call: Call, reply: Reply, cancelled: boolean): string | null {
    let opened: string | null = null
    for (const key of keysOf(call)) {
      if (reply.is !== 'broken') this.#breakers.succeeded(key)
      else if (cancelled) this.#breakers.abandoned(key)
      else if (this.#breakers.failed(key) === 'open') opened ??= key
    }
    return opened
  }
}

/** Milliseconds an aborted connector has to settle. */
const GRACE = 2_000

function keysOf(call: Call): readonly string[] {
  return [call.server.id, `${call.server.id}/${call.capability.primitive}/${call.capability.name}`]
}

function fromResult(result: JsonObject): Outcome {
  return { is: result.isError === true ? 'toolError' : 'ok', result }
}

function failed(cause: Fault): Outcome {
  return {
    is: 'failed',
    error: { code: -32000, message: cause.message, data: { code: cause.code } },
    fault: cause.code,
  }
}

function gaveUp(call: Call, maybeSent: boolean, cancelled: boolean, limit: number): Outcome {
  if (maybeSent && call.effect === 'unsafe') return indeterminate(call)
  if (cancelled) return { is: 'cancelled', message: 'The call was cancelled.' }
  return { is: 'timeout', message: `The server "${call.server.name}" did not answer within ${formatDuration(limit)}.` }
}

function broke(call: Call, maybeSent: boolean, reply: Extract<Reply, { is: 'broken' }>): Outcome {
  if (maybeSent && call.effect === 'unsafe') return indeterminate(call)
  return failed(fault('UPSTREAM_UNREACHABLE', { server: call.server.name, why: reply.why }))
}

function indeterminate(call: Call): Outcome {
  return {
    is: 'indeterminate',
    message:
      `It is not known whether "${call.capability.name}" of "${call.server.name}" took effect: it was sent, and its end ` +
      'was never seen. Do not repeat it before you have checked.',
  }
}
