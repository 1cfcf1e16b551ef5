import {
  Breakers,
  type BreakerSettings,
  type Clock,
  fault,
  type Fault,
  formatDuration,
  type JsonObject,
  PassingSet,
} from '../../kernel/index.ts'
import { AllowedCall } from '../allowed-call.ts'
import type { Call } from '../call.ts'
import type { CallIo, Reply } from '../connector.ts'
import type { Outcome } from '../verdict.ts'
import { Deadline } from './deadline.ts'
import { gatherInput, nobodyToAsk } from './given-input.ts'
import { mayRepeat, pause, pauseBefore } from './retry.ts'

/** Sends an allowed call once. */
export type Send = (allowed: AllowedCall, io: CallIo) => Promise<Reply>

export interface Execution {
  readonly outcome: Outcome
  /** How often something was tried, refusals by an open circuit included. */
  readonly attempts: number
  /** Set when this call opened the circuit of its server or tool. */
  readonly opened: string | null
  /** Whether anything may have reached the server. */
  readonly sent: boolean
}

/**
 * Runs an allowed call to its end: within its time, through the circuit breakers, repeated only as its effect class
 * allows, and with an honest outcome when the end was never seen.
 */
export class Executor {
  readonly #send: Send
  readonly #clock: Clock
  readonly #breakers: Breakers
  readonly #underWay = new PassingSet<Deadline>()
  #brokenOff = false

  constructor(send: Send, clock: Clock, breaker?: BreakerSettings) {
    this.#send = send
    this.#clock = clock
    this.#breakers = new Breakers(clock, breaker)
  }

  async run(allowed: AllowedCall, io: CallIo): Promise<Execution> {
    const limit = limitOf(allowed.call)
    const deadline = new Deadline(limit, io.signal, this.#clock)
    if (this.#brokenOff) deadline.breakOff()
    this.#underWay.add(deadline)
    try {
      return await this.#run(allowed, within(deadline, io), deadline, limit)
    } finally {
      deadline.close()
      this.#underWay.delete(deadline)
    }
  }

  /** Gives up what is under way, and whatever comes later at once. */
  breakOff(): void {
    this.#brokenOff = true
    for (const deadline of this.#underWay.values()) deadline.breakOff()
  }

  async #run(allowed: AllowedCall, io: CallIo, deadline: Deadline, limit: number): Promise<Execution> {
    const { call } = allowed
    let asking = allowed
    let rounds = 0
    let opened: string | null = null
    // Whether any attempt may have reached the server: a later one that did not cannot undo that.
    let maybeSent = false
    // Whether the server ever answered.
    let heard = false
    for (let attempt = 1; ; attempt++) {
      const ended = (outcome: Outcome): Execution => ({ outcome, attempts: attempt, opened, sent: maybeSent || heard })
      if (deadline.over !== null) return ended(gaveUp(call, maybeSent, deadline.over, limit))
      const resting = this.#admit(call)
      if (resting) return ended(failed(resting))
      const reply = await this.#attempt(asking, io)
      opened ??= this.#report(call, reply, deadline.over === 'cancelled')
      heard ||= reply.is !== 'broken'
      if (reply.is === 'result') return ended(fromResult(reply.result))
      if (reply.is === 'error') return ended({ is: 'failed', error: reply.error, fault: null })
      if (reply.is === 'inputRequired') {
        if (io.client?.takesInputRequired) return ended({ is: 'inputRequired', result: reply.result })
        if (++rounds > MAX_ROUNDS) return ended({ is: 'failed', error: endlessQuestions, fault: null })
        const gathered = io.client === null ? nobodyToAsk : await gatherInput(reply.result, io.client, io.signal)
        if (deadline.over !== null) return ended(gaveUp(call, true, deadline.over, limit))
        if (gathered.is === 'refused') return ended({ is: 'failed', error: gathered.error, fault: null })
        asking = AllowedCall.of({ ...call, input: gathered.input })
        // The server went on with the same attempt.
        attempt--
        continue
      }
      maybeSent ||= reply.sent
      if (deadline.over !== null) return ended(gaveUp(call, maybeSent, deadline.over, limit))
      if (attempt >= call.server.maxAttempts || !mayRepeat(call.effect, reply))
        return ended(broke(call, maybeSent, reply))
      try {
        await pause(pauseBefore(attempt + 1, reply.retryAfter), io.signal)
      } catch {
        return ended(gaveUp(call, maybeSent, deadline.over ?? 'cancelled', limit))
      }
    }
  }

  /** Connectors settle promptly when aborted; one that does not is left behind, and the call counts as sent. */
  #attempt(allowed: AllowedCall, io: CallIo): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    let timer: NodeJS.Timeout | undefined
    const onAbort = () => (timer = setTimeout(resolve, GRACE, noAnswer))
    io.signal.addEventListener('abort', onAbort, { once: true })
    const settled = () => {
      io.signal.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    }
    this.#send(allowed, io).then(resolve, reject).finally(settled)
    return promise
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
      // A server that wants to be authorized is well, as is one whose node was lost: neither need be spared.
      else if (cancelled || reply.fault !== undefined || reply.ours) this.#breakers.abandoned(key)
      else if (this.#breakers.failed(key) === 'open') opened ??= key
    }
    return opened
  }
}

/** Milliseconds an aborted connector has to settle. */
const GRACE = 2_000
const noAnswer: Reply = { is: 'broken', sent: true, retryable: false, retryAfter: null, why: 'no answer' }

/** How often a server may ask for more input within one call. */
const MAX_ROUNDS = 16
const endlessQuestions = { code: -32603, message: `The server asked for input more than ${MAX_ROUNDS} times.` }

/** Milliseconds a call may take, as long as its server shows no progress. */
export function limitOf({ server, capability }: Pick<Call, 'server' | 'capability'>): number {
  return server.tools[capability.name]?.timeout ?? server.timeouts.call
}

/** The same, within the deadline: progress shows that the server is at work, and time in which it is asked is not counted. */
function within(deadline: Deadline, { onProgress, client }: CallIo): CallIo {
  return {
    signal: deadline.signal,
    onProgress: onProgress && (params => (deadline.alive(), onProgress(params))),
    client: client && {
      id: client.id,
      capabilities: client.capabilities,
      logLevel: client.logLevel,
      takesInputRequired: client.takesInputRequired,
      notify: (method, params) => client.notify(method, params),
      ask: (method, params, signal) => deadline.asking(client.ask(method, params, signal)),
    },
  }
}

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

function gaveUp(call: Call, maybeSent: boolean, why: 'timeout' | 'cancelled', limit: number): Outcome {
  if (maybeSent && call.effect === 'unsafe') return indeterminate(call)
  if (why === 'cancelled') return { is: 'cancelled', message: 'The call was cancelled.' }
  return { is: 'timeout', message: `The server "${call.server.name}" did not answer within ${formatDuration(limit)}.` }
}

function broke(call: Call, maybeSent: boolean, reply: Extract<Reply, { is: 'broken' }>): Outcome {
  if (maybeSent && call.effect === 'unsafe') return indeterminate(call)
  return failed(reply.fault ?? fault('UPSTREAM_UNREACHABLE', { server: call.server.name, why: reply.why }))
}

function indeterminate(call: Call): Outcome {
  return {
    is: 'indeterminate',
    message:
      `It is not known whether "${call.capability.name}" of "${call.server.name}" took effect: it was sent, and its end ` +
      'was never seen. Do not repeat it before you have checked.',
  }
}
