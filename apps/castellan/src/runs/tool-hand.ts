import type { Approval } from '../approvals/index.ts'
import type { Answer, CallStore, Gate, Outcome } from '../gate/index.ts'
import { pause, wireOutcome } from '../gate/index.ts'
import type { Identity } from '../identity/index.ts'
import { isFault, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Verification } from '../registry/index.ts'
import type { Run } from './run.ts'
import { standingData } from './standing-data.ts'
import type { StepEnd, Work } from './step.ts'

export interface ToolHandParts {
  readonly gate: Pick<Gate, 'pass'>
  readonly calls: Pick<CallStore, 'byKey'>
  readonly approval: (tenant: string, id: string) => Promise<Pick<Approval, 'state' | 'expiresAt'>>
  /** Whoever the run acts for, as they are now. Throws `UNAUTHENTICATED`. */
  readonly actingFor: (run: Run) => Promise<Identity>
  /** The session that its calls belong to. */
  readonly sessionOf: (run: Run) => string
  /** Resolves with what gives the place back, to be called once; with null when the signal is aborted before there is one. */
  readonly place: (tool: string, signal: AbortSignal) => Promise<(() => void | Promise<void>) | null>
  /** How calls of a tool are verified; null when nobody has said it. */
  readonly verification: (tenant: string, tool: string) => { readonly how: Verification; readonly asks: string } | null
}

type ToolWork = Extract<Work, { is: 'tool' }>

/** What is asked of the gate for a step, and why. */
export interface StepCall extends Pick<ToolWork, 'tool' | 'args' | 'timeout' | 'again' | 'approval'> {
  /** The same for every life of the run that asks for the same. */
  readonly key: string
  readonly causationId: string
}

/**
 * Takes a step of a run through the gate, as its owner, under a key of its own: so whatever life of the run asks, the effect happens
 * once, and everybody is told the same of it.
 */
export async function callTool(parts: ToolHandParts, run: Run, work: ToolWork, signal: AbortSignal): Promise<StepEnd> {
  const end = await callOnce(parts, run, { ...work, key: keyOf(run, work), causationId: run.id }, signal)
  if (end.is !== 'ended' || end.outcome !== 'indeterminate') return end
  const found = parts.verification(run.tenant, work.tool)
  if (found === null) return end
  return { ...end, data: { ...end.data, verify: { tool: found.asks, after_ms: found.how.after } } }
}

/** Makes a call, as the owner of the run, unless an earlier life of it did: then it tells what became of that. */
export async function callOnce(parts: ToolHandParts, run: Run, work: StepCall, signal: AbortSignal): Promise<StepEnd> {
  const { key } = work
  if (work.approval !== null) {
    const { state, expiresAt } = await parts.approval(run.tenant, work.approval)
    if (state === 'pending') return { is: 'waits', approval: work.approval, until: Date.parse(expiresAt) }
  }
  // By now a policy may refuse what was made before; what became of that is told all the same.
  const earlier = work.again ? await whatBecame(parts, run, key, signal) : null
  if (earlier) return earlier
  const leave = await parts.place(`${run.tenant} ${work.tool}`, signal)
  if (leave === null) return ended('cancelled', { why: 'it was stopped before it began' })
  try {
    return await passGate(parts, run, work, signal)
  } finally {
    // Before the run tells of it: that hints to those who wait elsewhere.
    await leave()
  }
}

async function passGate(parts: ToolHandParts, run: Run, work: StepCall, signal: AbortSignal): Promise<StepEnd> {
  const { key } = work
  let identity: Identity
  try {
    identity = await parts.actingFor(run)
  } catch (error) {
    if (!isFault(error, 'UNAUTHENTICATED')) throw error
    const why = 'whoever the run acts for is no longer known here, or may no longer act'
    return ended('denied_identity', { why })
  }
  const ends = AbortSignal.timeout(work.timeout)
  for (;;) {
    try {
      const answer = await parts.gate.pass({
        identity,
        view: { is: 'all' },
        use: 'tool',
        as: 'tool',
        name: work.tool,
        args: work.args,
        context: {
          correlationId: run.correlationId,
          causationId: work.causationId,
          sessionId: parts.sessionOf(run),
          runId: run.root,
          ...(run.subject === null ? {} : { agentId: run.subject }),
          idempotencyKey: key,
          dryRun: false,
          via: 'run',
          meta: null,
        },
        io: { signal: AbortSignal.any([signal, ends]), onProgress: null, client: null },
      })
      const end = endOf(answer)
      const late = ends.aborted && !signal.aborted && end.is === 'ended' && end.outcome === 'cancelled'
      return late ? { ...end, outcome: 'timeout' } : end
    } catch (error) {
      if (isFault(error, 'IDEMPOTENCY_IN_FLIGHT')) {
        const known = await whatBecame(parts, run, key, signal)
        if (known) return known
      } else if (isFault(error, 'SHUTTING_DOWN')) return { is: 'dropped' }
      else if (isFault(error) && error.code !== 'STORE_UNAVAILABLE')
        return ended('error', { fault: error.code, why: error.message })
      else if (!isFault(error)) throw error
      await pause(RETRY, signal).catch(() => undefined)
      if (signal.aborted) return { is: 'dropped' }
    }
  }
}

/** The key under which the gate knows a step: the same for every life of the run, another when a person has it made again. */
function keyOf(run: Run, { step, attempt }: ToolWork): string {
  return `run:${run.id}:${step}:${attempt}`
}

/** What became of the call of a step when somebody made it before; null when nobody did. */
async function whatBecame(parts: ToolHandParts, run: Run, key: string, signal: AbortSignal): Promise<StepEnd | null> {
  for (;;) {
    const earlier = await parts.calls.byKey(run.tenant, run.by.principal, key)
    if (!earlier) return null
    const { record, outcome } = earlier
    if (outcome) return endOf({ is: 'outcome', callId: record.id, outcome, replayOf: record.id })
    // Whoever makes it has not ended; or is gone, and then it is swept.
    await pause(RETRY, signal).catch(() => undefined)
    if (signal.aborted) return { is: 'dropped' }
  }
}

function endOf(answer: Answer): StepEnd {
  switch (answer.is) {
    case 'outcome':
      return ended(wireOutcome(answer.outcome), { call: answer.callId }, payloadOf(answer.outcome))
    case 'denied': {
      const { callId, code, message, violations, standing } = answer
      const why = violations.map(({ at, message: what }) => `${at === '' ? 'the arguments' : at}: ${what}`)
      const data = { call: callId, ...(standing === undefined ? {} : standingData(standing)) }
      return ended(code, data, { message: [message, ...why].join('\n') })
    }
    case 'dryRun':
      return ended(
        'dry_run',
        { call: answer.callId },
        { message: 'Nothing was sent: this is a dry run. Every check would have let the call pass.' },
      )
    case 'needsApproval':
      return { is: 'waits', approval: answer.approvalId, until: Date.parse(answer.expiresAt) }
    default:
      throw answer satisfies never
  }
}

function payloadOf(outcome: Outcome): JsonValue {
  switch (outcome.is) {
    case 'ok':
    case 'toolError':
      return { result: outcome.result }
    case 'inputRequired':
      return { message: 'The tool asks for more input, which a run cannot give.' }
    case 'failed':
      return { message: outcome.error.message }
    case 'timeout':
    case 'cancelled':
    case 'withheld':
    case 'indeterminate':
      return { message: outcome.message }
    default:
      throw outcome satisfies never
  }
}

function ended(outcome: string, data: JsonObject, payload?: JsonValue): StepEnd {
  return { is: 'ended', outcome, data, ...(payload === undefined ? {} : { payload }) }
}

/** Milliseconds between questions about a call that another life of the run has under way. */
const RETRY = 250
