import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../kernel/index.ts'
import { REDACTED } from '../journal/index.ts'
import { matchesPattern } from '../registry/index.ts'
import type { DecisionLog, JudgedCall, JudgedFilter } from './decision-log.ts'
import { isHidden } from './kept-arguments.ts'
import type { Decision, Judge } from './policy-engine.ts'
import { questionAgain } from './policy-input.ts'
import { decisionsIn, type Ruling, rulingOf } from './ruling.ts'

/** Which calls are asked about again. */
export interface ReplayWish extends JudgedFilter {
  readonly tenant: string
  /** Pattern over `server/name`. */
  readonly tool?: string
}

/** The policies that are tried, and those of the same engine that they would replace. */
export interface Rehearsal {
  readonly candidate: Judge
  readonly inForce: Judge
}

/** Calls of one principal to one tool that would be ruled otherwise. */
export interface Change {
  readonly principal: { readonly id: string; readonly name: string }
  /** `server/name`. */
  readonly tool: string
  readonly from: Ruling
  readonly to: Ruling
  readonly calls: number
  /** The first of them. */
  readonly examples: readonly string[]
  /** What the candidate says, as far as it differs. */
  readonly reasons: readonly string[]
}

/** Calls nothing is said about, by why. */
export interface Unjudged {
  /** Policy was never asked: something before it refused. */
  readonly notAsked: number
  /** The journal does not say enough: it was written by a version that did not keep it. */
  readonly unrecorded: number
  /** The arguments were erased. */
  readonly gone: number
  /** Secrets were taken out of the arguments where the policies look. */
  readonly redacted: number
}

export interface Replay {
  /** Calls within what was wished for. */
  readonly calls: number
  readonly judged: number
  /** Those of the judged that would be ruled otherwise. */
  readonly changed: number
  readonly unjudged: Unjudged
  /**
   * Calls that the very policies in force decided otherwise when they came: the caller had left, or the engine failed. They are
   * compared with what these policies say now.
   */
  readonly unrepeated: number
  /** The most frequent first. */
  readonly changes: readonly Change[]
  /** Changed calls that are in no line of `changes`, because there would be too many lines. */
  readonly beyond: number
}

export type ReplayStep =
  | { readonly is: 'progress'; readonly calls: number; readonly changed: number; readonly at: string }
  | { readonly is: 'end'; readonly replay: Replay }

/**
 * Asks a candidate about calls that were decided, with exactly the questions they raised, and tells what it would rule otherwise
 * than the policies in force: for calls that these decided it is what they said then, for older ones what they say now. What
 * other engines said stays as it was. Nothing is guessed: what cannot be asked again is counted.
 *
 * Memory does not grow with the calls, and others get their turn every few milliseconds. Throws the reason of the signal.
 */
export async function* replay(
  { log, clock }: { readonly log: DecisionLog; readonly clock: Clock },
  rehearsal: Rehearsal,
  wish: ReplayWish,
  signal: AbortSignal,
): AsyncGenerator<ReplayStep> {
  const tally = new Tally()
  let after: string | null = null
  let turn = clock.monotonic()
  for (;;) {
    const page: JudgedCall[] = await log.judged(wish.tenant, wish, after, PAGE)
    for (const call of page) {
      signal.throwIfAborted()
      if (wish.tool !== undefined && !matchesPattern(wish.tool, toolOf(call))) continue
      tally.add(call, await askAgain(call, rehearsal, signal))
      if (clock.monotonic() - turn < TURN) continue
      await setImmediate()
      turn = clock.monotonic()
    }
    const last = page.at(-1)
    if (!last) break
    after = last.id
    yield { is: 'progress', calls: tally.calls, changed: tally.changed, at: last.at }
  }
  yield { is: 'end', replay: tally.result() }
}

/** A page holds the arguments of its calls. */
const PAGE = 100
/** Milliseconds of work after which everybody else gets a turn. */
const TURN = 3

/** What came of asking about one call again. */
type Again =
  | { readonly is: keyof Unjudged }
  | {
      readonly is: 'judged'
      readonly from: Ruling
      readonly to: Ruling
      readonly repeated: boolean
      readonly decision: Decision
      readonly name: string
    }

async function askAgain(call: JudgedCall, { candidate, inForce }: Rehearsal, signal: AbortSignal): Promise<Again> {
  const then = decisionsIn(call.data)
  if (then.length === 0) return { is: 'notAsked' }
  const question = questionAgain(call, call.args ?? {})
  if (!question) return { is: 'unrecorded' }
  if (call.args === null) return { is: 'gone' }
  const { principal, capability, labels } = question
  const hidden =
    [principal.name, capability.server, capability.name, ...labels].some(text => text.includes(REDACTED)) ||
    (call.data['args_redacted'] === true && [candidate, inForce].some(({ reads }) => isHidden(call.args!, reads)))
  if (hidden) return { is: 'redacted' }

  const others = then.filter(each => each.engine !== candidate.engine)
  const ruling = (decision: Decision) => rulingOf([...others, decision])
  const decision = await candidate.decide(question, signal)
  const recorded = then.find(each => each.engine === candidate.engine && each.policyDigest === inForce.digest)
  const to = ruling(decision)
  if (recorded && ruling(recorded) === to)
    return { is: 'judged', from: to, to, repeated: true, decision, name: principal.name }
  const from = ruling(await inForce.decide(question, signal))
  const repeated = recorded === undefined || ruling(recorded) === from
  return { is: 'judged', from, to, repeated, decision, name: principal.name }
}

class Tally {
  calls = 0
  changed = 0
  #judged = 0
  #unrepeated = 0
  #beyond = 0
  readonly #unjudged = { notAsked: 0, unrecorded: 0, gone: 0, redacted: 0 }
  readonly #groups = new Map<string, Group>()

  add(call: JudgedCall, again: Again): void {
    this.calls++
    if (again.is !== 'judged') {
      this.#unjudged[again.is]++
      return
    }
    this.#judged++
    if (!again.repeated) this.#unrepeated++
    if (again.from === again.to) return
    this.changed++
    const group = this.#groupOf(call, again)
    if (!group) {
      this.#beyond++
      return
    }
    group.calls++
    if (group.examples.length < MOST_EXAMPLES) group.examples.push(call.id)
    for (const reason of again.decision.reasons) {
      if (group.reasons.size < MOST_EXAMPLES) group.reasons.add(reason)
    }
  }

  #groupOf(call: JudgedCall, { from, to, name }: Extract<Again, { is: 'judged' }>): Group | undefined {
    const tool = toolOf(call)
    const key = JSON.stringify([call.principal, tool, from, to])
    const known = this.#groups.get(key)
    if (known || this.#groups.size >= MOST_GROUPS) return known
    const group = {
      principal: { id: call.principal, name },
      tool,
      from,
      to,
      calls: 0,
      examples: [],
      reasons: new Set<string>(),
    }
    this.#groups.set(key, group)
    return group
  }

  result(): Replay {
    const changes = Array.from(this.#groups.values(), ({ reasons, ...group }) => ({ ...group, reasons: [...reasons] }))
    return {
      calls: this.calls,
      judged: this.#judged,
      changed: this.changed,
      unjudged: this.#unjudged,
      unrepeated: this.#unrepeated,
      changes: changes.toSorted((one, other) => other.calls - one.calls),
      beyond: this.#beyond,
    }
  }
}

interface Group extends Omit<Change, 'calls' | 'examples' | 'reasons'> {
  calls: number
  readonly examples: string[]
  readonly reasons: Set<string>
}

const MOST_GROUPS = 1_000
const MOST_EXAMPLES = 5

function toolOf({ data }: JudgedCall): string {
  const { server, capability } = data as { readonly server: string; readonly capability: string }
  return `${server}/${capability}`
}
