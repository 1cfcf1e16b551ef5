import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { AgentDefinition, AgentInput, AgentOutput } from '../agent/definition.ts'
import type { Tell } from '../decider.ts'
import type { Ask, Computation } from '../step.ts'
import { word } from '../word.ts'
import type { TeamDefinition } from './definition.ts'
import { stepOf, type Task, taskOf, type Verb } from './task.ts'

/** What a team run has seen of its steps. */
export interface Seen {
  readonly definition: TeamDefinition
  readonly input: AgentInput
  readonly asked: ReadonlySet<string>
  /** In the order in which they ended. */
  readonly ends: readonly Ended[]
}

export interface Ended {
  readonly step: string
  readonly at: number
  readonly outcome: string
  readonly data: JsonObject
  readonly payload: JsonValue | undefined
}

/** What somebody put on the board. */
export interface Entry extends Task {
  /** From 1, in the order in which they came; nothing on the board changes. */
  readonly version: number
  readonly kind: Kind | 'member_failed'
  /** The run in which it was done. */
  readonly run: string
  readonly at: number
  /** The answer: the value of a form, or prose; of one that failed, why. */
  readonly content: JsonValue
  readonly response: string
  readonly structured: JsonValue
}

type Kind = (typeof kinds)[Verb]

/** A member who failed. */
export interface MemberFailed {
  readonly member: string
  readonly why: string
  /** The run in which it did. */
  readonly step: string
}

/** How somebody stands who was told to do something. */
export type Heard =
  | { readonly is: 'answered'; readonly entry: Entry }
  | { readonly is: 'failed'; readonly why: string; readonly step: string }
  | { readonly is: 'open' }
  /** Nobody was asked, since the tokens are used up. */
  | { readonly is: 'spent' }

/**
 * One look at a team run: what is on its board, and what its protocol wants next. Finds out, and touches nothing. The board is a fold
 * of what ended, in that order: whoever works side by side adds to it, and overwrites nothing.
 */
export class Table {
  readonly seen: Seen
  readonly asks: Ask[] = []
  readonly computations = new Map<string, Computation>()
  readonly board: readonly Entry[]
  readonly usage: AgentOutput['usage']

  constructor(seen: Seen) {
    this.seen = seen
    const ended = seen.ends.flatMap(end => {
      const task = taskOf(end.step)
      return task === null ? [] : [{ end, task }]
    })
    this.board = ended.map(({ end, task }, index) => entryOf(end, task, index + 1))
    this.usage = usageOf(seen.ends)
  }

  /** Has somebody do something, once. `form` is the JSON Schema of the answer; without it, the answer is as the agent's own says. */
  hear(task: Task, message: string, form?: JsonObject, lastWords = false): Heard {
    const entry = this.entry(task)
    const step = stepOf(task)
    if (entry?.kind === 'member_failed') return { is: 'failed', why: word(entry.content), step }
    if (entry) return { is: 'answered', entry }
    if (this.seen.asked.has(step)) return { is: 'open' }
    if (this.spent && !lastWords) return { is: 'spent' }
    const { members } = this.seen.definition.team
    const agent = members.find(({ name }) => name === task.member && !outside.includes(task.verb))?.agent ?? task.member
    const { id, definition } = this.seen.definition.agents[agent]!
    const wish = {
      kind: 'agent',
      name: agent,
      subject: id,
      definition: asJson(form === undefined ? definition : { ...definition, output: form }),
      input: { message, context: this.seen.input.context },
    } as const
    this.asks.push({ is: 'run', step, wish })
    return { is: 'open' }
  }

  /** What an expression comes to, evaluated once. */
  evaluate(step: string, template: JsonValue, scope: JsonObject): { is: 'open' } | { is: 'ended'; end: Ended } {
    this.computations.set(step, { template, scope, callbacks: {} })
    const end = this.seen.ends.find(each => each.step === step)
    if (end) return { is: 'ended', end }
    if (!this.seen.asked.has(step)) this.asks.push({ is: 'compute', step })
    return { is: 'open' }
  }

  entry(task: Task): Entry | undefined {
    return this.board.find(each => each.verb === task.verb && each.round === task.round && each.member === task.member)
  }

  /** Whether anybody has been asked for this. */
  hasBegun(verb: Verb, round: number): boolean {
    return this.seen.definition.team.members.some(({ name }) =>
      this.seen.asked.has(stepOf({ verb, round, member: name })),
    )
  }

  /** Runs that have not ended. */
  get under(): readonly string[] {
    const ended = new Set(this.seen.ends.map(({ step }) => step))
    return [...this.seen.asked].filter(step => !ended.has(step))
  }

  /** Members who failed, each with why. */
  get failed(): readonly MemberFailed[] {
    return this.board
      .filter(({ kind }) => kind === 'member_failed')
      .map(entry => ({ member: entry.member, why: word(entry.content), step: stepOf(entry) }))
  }

  /** Whether the tokens that the team has are used up. */
  get spent(): boolean {
    const { maxTokens } = this.seen.definition.team
    return maxTokens !== null && this.usage.input + this.usage.output >= maxTokens
  }

  /** The lines that tell of what is on the board. */
  get tells(): readonly Tell[] {
    return this.board.map(({ kind, verb, round, member, version, run, content }) => ({
      type: `team.${kind}`,
      step: stepOf({ verb, round, member }),
      data: { member, round, version, run, ...toldOf(kind, content) },
    }))
  }
}

/** Who judges and merges is an agent of its own. */
const outside: readonly Verb[] = ['judge', 'merge']

/** What each comes to on the board, and in the name of the line that tells of it. */
const kinds = {
  answer: 'answered',
  turn: 'handed_off',
  propose: 'proposed',
  criticise: 'criticised',
  revise: 'revised',
  vote: 'voted',
  judge: 'judged',
  merge: 'merged',
} as const satisfies Record<Verb, string>

function entryOf({ at, outcome, data, payload }: Ended, task: Task, version: number): Entry {
  const run = word(data['run'])
  const { response = '', structured = null } = isJsonObject(payload) ? payload : {}
  const said = { response: word(response), structured }
  if (outcome !== 'ok') {
    const why = word(data['why']) || (outcome === 'cancelled' ? 'it was cancelled' : `it ended with: ${outcome}`)
    return { ...task, ...said, version, kind: 'member_failed', run, at, content: why }
  }
  const content = structured ?? said.response
  return { ...task, ...said, version, kind: kindOf(task, content), run, at, content }
}

/** Whoever hands over to nobody has answered. */
function kindOf({ verb }: Task, content: JsonValue): Kind {
  return verb === 'turn' && (!isJsonObject(content) || content['hand_off_to'] === null) ? 'answered' : kinds[verb]
}

/** Of what a member says, what names a member; the rest is nobody's but the owner's. */
function toldOf(kind: Entry['kind'], content: JsonValue): JsonObject {
  if (kind === 'member_failed') return { why: content }
  if (!isJsonObject(content)) return {}
  const { choice, best, hand_off_to: to } = content
  return {
    ...(kind === 'voted' || kind === 'judged' ? { choice: choice ?? null } : {}),
    ...(kind === 'criticised' ? { best: best ?? null } : {}),
    ...(kind === 'handed_off' ? { to: to ?? null } : {}),
  }
}

/** What members used, of those that ended and said it. */
function usageOf(ends: readonly Ended[]): AgentOutput['usage'] {
  let sum: AgentOutput['usage'] = { input: 0, output: 0, cached: 0, guessed: false }
  for (const { payload } of ends) {
    if (!isJsonObject(payload) || !isJsonObject(payload['usage'])) continue
    const { input, output, cached, guessed } = payload['usage'] as unknown as AgentOutput['usage']
    sum = {
      input: sum.input + input,
      output: sum.output + output,
      cached: sum.cached + cached,
      guessed: sum.guessed || guessed,
    }
  }
  return sum
}

function asJson(definition: AgentDefinition): JsonValue {
  return definition as unknown as JsonValue
}
