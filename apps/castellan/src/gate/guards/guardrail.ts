import { type Guardrails, type JsonScan, tightened } from '../../guardrails/index.ts'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import { labelsOf } from '../../registry/index.ts'
import type { Call } from '../call.ts'
import type { CallIo } from '../connector.ts'
import type { Guard, Review } from '../guard.ts'
import type { ToolStage } from '../guardrail-set.ts'
import type { Labels } from '../labels.ts'
import type { Rules } from '../rules.ts'
import { inForce, type SessionBook, termsOf } from '../session-terms.ts'
import { deny, type Outcome, type UpstreamError, type Verdict, withheld } from '../verdict.ts'

/**
 * Has the guardrails look at what a capability is used with, at what comes back, and at what its server says and asks meanwhile.
 * Keeps account of what each session has read, and steps in when untrusted and confidential things would come together.
 */
export function guardrailGuard(parts: {
  readonly rules: Rules
  readonly sessions: SessionBook
  readonly labels: Labels
  /** Loaded when the first text has to be looked at. */
  readonly guardrails: () => Promise<Guardrails>
}): Guard {
  const { rules, sessions, labels } = parts
  let loaded: Guardrails | undefined

  function scan(
    call: Call,
    stage: ToolStage,
    texts: JsonValue,
    how: { readonly mustRedact?: boolean; readonly alone?: boolean },
  ): JsonScan | null | Promise<JsonScan | null> {
    const terms = inForce(termsOf(sessions, call))
    const wish = tightened(rules.guardrailsFor(call, stage).wish, terms?.guardrails)
    if (wish === null && how.mustRedact !== true) return null
    // Where only what can be taken out is looked for, nobody else has to see it.
    const alone = how.alone === true || wish === null
    const look = (guardrails: Guardrails) =>
      guardrails.scanJson(texts, stage, wish ?? { mode: 'advisory' }, { ...how, alone })
    if (loaded) return look(loaded)
    return parts.guardrails().then(guardrails => look((loaded = guardrails)))
  }

  function judged(call: Call, found: JsonScan | null): Verdict {
    const read = labels.of(call)
    const facts = { ...noted('arguments', found), ...(read.length > 0 ? { labels: read } : {}) }
    if (found?.verdict === 'block') return { ...deny('denied_guardrail', ...reasonsOf(found)), facts }
    const { mixing } = rules.guardrails(call.identity.tenant)
    if (mixing === 'allow' || !mixes(call, read)) return { is: 'allow', facts }
    return mixing === 'deny'
      ? { ...deny('denied_guardrail', MIXED), facts }
      : { is: 'needsApproval', reasons: [MIXED], facts }
  }

  function reviewed(call: Call, outcome: Outcome, found: JsonScan | null): Review {
    if (found?.verdict === 'block') return { outcome: withheld(call.effect), facts: noted('result', found) }
    const gained = [
      ...rules.guardrailsFor(call, 'result').labels,
      ...labelsOf(call.server, call.capability),
      ...labelsIn(found),
    ]
    labels.add(call, gained)
    return {
      outcome: found ? withTexts(outcome, found.redacted) : outcome,
      facts: noted('result', found),
      labels: [...new Set(gained)].sort(),
    }
  }

  return {
    name: 'guardrail',
    code: 'denied_guardrail',

    check(call) {
      const texts = call.input === null ? call.args : { arguments: call.args, input: call.input.responses }
      const found = scan(call, 'arguments', texts, {})
      // At once when it is there: most calls need not wait for a turn.
      return found instanceof Promise ? found.then(each => judged(call, each)) : judged(call, found)
    },

    between(call, { io, mustRedact }) {
      const passing = (said: JsonObject, found: JsonScan | null): JsonObject | null => {
        if (found === null) return said
        if (found.verdict === 'block') return null
        labels.add(call, labelsIn(found))
        return found.redacted as JsonObject
      }
      return through(io, {
        // A remark waits for nobody: what takes time to look at is too long for one.
        remark(said) {
          const found = scan(call, 'result', said, { mustRedact, alone: true })
          return found instanceof Promise ? null : passing(said, found)
        },
        question(said) {
          const found = scan(call, 'result', said, { mustRedact })
          return found instanceof Promise ? found.then(each => passing(said, each)) : passing(said, found)
        },
      })
    },

    review(call, outcome, { mustRedact }) {
      const texts = textsOf(outcome)
      if (texts === null) return { outcome }
      const found = scan(call, 'result', texts, { mustRedact })
      return found instanceof Promise
        ? found.then(each => reviewed(call, outcome, each))
        : reviewed(call, outcome, found)
    },
  }
}

const MIXED = 'the session has read untrusted and confidential things'

/** Whether a call could do harm with what its session has read, to those it was confided by. */
function mixes({ effect, openWorld }: Call, read: readonly string[]): boolean {
  return (effect === 'unsafe' || openWorld) && read.includes('untrusted') && read.includes('confidential')
}

/** What has been read with these findings. What was taken out has not; but who tries to lead a model astray stays untrusted. */
function labelsIn(found: JsonScan | null): string[] {
  const labels = (found?.signals ?? []).map(({ metric, category, action }) => {
    if (metric === 'injection' || metric === 'exfiltration') return 'untrusted'
    if (action === 'redact' || metric === 'toxicity' || contacts.has(category)) return null
    return 'confidential'
  })
  return [...new Set(labels.filter(label => label !== null))]
}

/** By which people are reached: seen in half of all texts, and confided to nobody. */
const contacts: ReadonlySet<string> = new Set(['email', 'phone', 'ip'])

/** What is journaled of a scan: never the texts. */
function noted(stage: ToolStage, found: JsonScan | null): JsonObject {
  if (!found || (found.signals.length === 0 && found.unavailable.length === 0)) return {}
  const { verdict, signals, unavailable } = found
  const shown = signals.slice(0, MOST_NOTED).map(({ action, at, category, confidence, metric, provider }) => ({
    action,
    at,
    category,
    confidence,
    metric,
    ...(provider && { provider: provider.name }),
  }))
  const metrics = [...new Set(signals.map(({ metric }) => metric))].sort()
  return { guardrail: { found: signals.length, metrics, signals: shown, stage, unavailable, verdict } }
}

const MOST_NOTED = 50

function reasonsOf({ signals, unavailable }: JsonScan): string[] {
  const blocking = signals.filter(({ action }) => action === 'block')
  const said = blocking.map(({ metric, category, at, provider }) => {
    const by = provider ? `, says ${provider.name}` : ''
    return `${metric}: ${category} at ${at === '' ? '/' : at}${by}`
  })
  return said.length > 0 ? said.slice(0, 10) : unavailable.map(name => `${name} does not work`)
}

/** What an outcome says; null when it is nothing of its server's. */
function textsOf(outcome: Outcome): JsonValue | null {
  switch (outcome.is) {
    case 'ok':
    case 'toolError':
    case 'inputRequired':
      return outcome.result
    case 'failed':
      return outcome.fault === null ? (outcome.error as unknown as JsonObject) : null
    case 'timeout':
    case 'cancelled':
    case 'withheld':
    case 'indeterminate':
      return null
    default:
      throw outcome satisfies never
  }
}

function withTexts(outcome: Outcome, texts: JsonValue): Outcome {
  if (outcome.is === 'failed') return { ...outcome, error: texts as unknown as UpstreamError }
  return 'result' in outcome ? { ...outcome, result: texts as JsonObject } : outcome
}

/** What may be handed on of what a server says meanwhile; null when nothing may. */
interface Passing {
  remark(said: JsonObject): JsonObject | null
  question(said: JsonObject): JsonObject | null | Promise<JsonObject | null>
}

/** Hands on what passes; a remark that does not is dropped, and a question that does not is answered with an error. */
function through(io: CallIo, passing: Passing): CallIo {
  const { signal, onProgress, client } = io
  if (onProgress === null && client === null) return io
  return {
    signal,
    onProgress: onProgress && (params => handOn(passing.remark(params), onProgress)),
    client: client && {
      id: client.id,
      capabilities: client.capabilities,
      logLevel: client.logLevel,
      takesInputRequired: client.takesInputRequired,
      notify: (method, params) => handOn(passing.remark(params), shown => client.notify(method, shown)),
      ask: async (method, params, asking) => {
        const passed = passing.question(params)
        // No remark overtakes a question that nobody has to wait for.
        const shown = passed instanceof Promise ? await passed : passed
        if (shown !== null) return client.ask(method, shown, asking)
        return { is: 'error', error: { code: -32600, message: 'The question was kept back by a guardrail.' } }
      },
    },
  }
}

function handOn(shown: JsonObject | null, hand: (shown: JsonObject) => void): void {
  if (shown !== null) hand(shown)
}
