import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { word } from '../word.ts'
import type { Verdict, Voice } from './definition.ts'
import { answered, failed, open, type Outcome } from './outcome.ts'
import { quorumLost } from './quorum.ts'
import type { Entry, Table } from './table.ts'
import type { Verb } from './task.ts'
import { type Member, neededOf, type ProtocolOf } from './team.ts'
import { section, told, written } from './words.ts'

/**
 * Blind proposals; rounds in which each criticises all, and revises its own; and a decision, by vote or by a judge. Bounded by its
 * rounds and tokens: once these are used up no further part of a round begins, and the decision is the last that anybody is asked for.
 */
export function collaborative(table: Table, protocol: ProtocolOf<'collaborative'>): Outcome {
  return new Debate(table, protocol).outcome()
}

class Debate {
  readonly #table: Table
  readonly #protocol: ProtocolOf<'collaborative'>
  readonly #members: readonly Member[]
  readonly #needed: number
  #cut: 'tokens' | null = null

  constructor(table: Table, protocol: ProtocolOf<'collaborative'>) {
    this.#table = table
    this.#protocol = protocol
    this.#members = table.seen.definition.team.members
    this.#needed = neededOf(protocol.quorum, this.#members.length)
  }

  outcome(): Outcome {
    const { rounds, earlyStop, decide } = this.#protocol
    const lost = quorumLost(this.#table, this.#needed, 'the quorum cannot be reached any more')
    if (lost !== null) return lost
    if (this.#phase('propose', 0, member => this.#proposal(member)) === 'open') return open
    let round = 0
    while (round < rounds && this.#mayArgue(round + 1)) {
      round++
      if (this.#phase('criticise', round, member => this.#critique(member)) === 'open') return open
      const agreed = earlyStop ? this.#agreement(round) : null
      if (agreed) return agreed
      if (this.#isCut('revise', round)) break
      if (this.#phase('revise', round, member => this.#revision(member, round)) === 'open') return open
    }
    return decide.is === 'vote' ? this.#vote(round) : this.#judge(round, decide.agent)
  }

  /** Has everybody who is there do the same at once, and says whether they all have. */
  #phase(verb: Verb, round: number, orderFor: (member: Member) => Order): 'open' | 'ended' {
    const all = this.#present.map(member => {
      const { message, form } = orderFor(member)
      return this.#table.hear({ verb, round, member: member.name }, message, form, true).is
    })
    return all.includes('open') ? 'open' : 'ended'
  }

  /** Whoever has failed is out, for good; what they had proposed stays on the board. */
  get #present(): readonly Member[] {
    const out = new Set(this.#table.failed.map(({ member }) => member))
    return this.#members.filter(({ name }) => !out.has(name))
  }

  /** Nobody criticises alone. */
  #mayArgue(round: number): boolean {
    if (this.#table.hasBegun('criticise', round)) return true
    return this.#present.length > 1 && !this.#isCut('criticise', round)
  }

  /** Whether something does not begin any more, since the tokens are used up. */
  #isCut(verb: Verb, round: number): boolean {
    if (!this.#table.spent || this.#table.hasBegun(verb, round)) return false
    this.#cut = 'tokens'
    return true
  }

  /** What each holds to be right now: its proposal as it was revised last. */
  get #proposals(): readonly Entry[] {
    return this.#members.flatMap(({ name }) => {
      const newest = this.#table.board.findLast(
        ({ member, kind }) => member === name && (kind === 'proposed' || kind === 'revised'),
      )
      return newest ? [newest] : []
    })
  }

  #of(kind: Entry['kind'], round: number): readonly Entry[] {
    return this.#table.board.filter(each => each.kind === kind && each.round === round)
  }

  /** Decided without a vote, when all who are there hold the same proposal to be the best. */
  #agreement(round: number): Outcome | null {
    const votes = this.#of('criticised', round).map(({ member, content }) => voice(member, content, 'best', 'critique'))
    const [first] = votes
    if (!first || votes.length < this.#needed || votes.some(({ choice }) => choice !== first.choice)) return null
    return this.#decided('agreement', first.choice, votes, votes)
  }

  #vote(round: number): Outcome {
    const form = choiceForm(this.#proposals)
    const order = (member: Member) => ({ message: this.#tell(member, orders.vote, this.#shown()), form })
    if (this.#phase('vote', round, order) === 'open') return open
    const votes = this.#of('voted', round).map(({ member, content }) => voice(member, content, 'choice', 'reason'))
    const [first, second] = countsOf(votes)
    if (first && first.count >= this.#needed && first.count > (second?.count ?? 0))
      return this.#decided('vote', first.choice, votes, votes)
    const counts = countsOf(votes).map(({ choice, count }) => `${count} for "${choice}"`)
    return failed(
      `no proposal reached the quorum: ${this.#needed} of ${this.#members.length} must agree, and the votes were ${counts.join(', ')}`,
      [],
      votes,
    )
  }

  #judge(round: number, agent: string): Outcome {
    const { definition, input } = this.#table.seen
    const message = told(definition.team, null, input.message, this.#shown(), section('Your part', orders.judge))
    const heard = this.#table.hear({ verb: 'judge', round, member: agent }, message, choiceForm(this.#proposals), true)
    if (heard.is === 'failed') return failed(`the judge "${agent}" failed: ${heard.why}`, [heard.step])
    if (heard.is !== 'answered') return open
    const verdict = voice(agent, heard.entry.content, 'choice', 'reason')
    // Nobody votes, so whoever said last that another was the best has dissented.
    const last = this.#of('criticised', round).map(({ member, content }) => voice(member, content, 'best', 'critique'))
    return this.#decided('judge', verdict.choice, [verdict], last)
  }

  #decided(by: Verdict['by'], winner: string, votes: readonly Voice[], voices: readonly Voice[]): Outcome {
    const proposal = this.#proposals.find(({ member }) => member === winner)
    if (!proposal) return failed(`it was decided for "${winner}", who has proposed nothing`, [], voices)
    return {
      ...answered(proposal),
      verdict: { by, winner, needed: this.#needed, of: this.#members.length, votes },
      dissent: voices.filter(({ choice }) => choice !== winner),
      cut: this.#cut,
    }
  }

  #proposal(member: Member): Order {
    return { message: this.#tell(member, orders.propose) }
  }

  #critique(member: Member): Order {
    const form = answerForm({ critique: text, best: nameOf(this.#proposals) })
    return { message: this.#tell(member, orders.criticise, this.#shown()), form }
  }

  #revision(member: Member, round: number): Order {
    const critiques = this.#of('criticised', round)
      .filter(each => each.member !== member.name)
      .map(({ member: critic, content }) => ({ member: critic, response: field(content, 'critique') }))
    return { message: this.#tell(member, orders.revise, this.#shown(), written('What the others say', critiques)) }
  }

  #shown(): string {
    return written('Proposals', this.#proposals)
  }

  #tell(member: Member, order: string, ...parts: readonly string[]): string {
    const { definition, input } = this.#table.seen
    return told(definition.team, member, input.message, ...parts, section('Your part', order))
  }
}

interface Order {
  readonly message: string
  readonly form?: JsonObject
}

const orders = {
  propose: 'Propose your own answer to the task. Others do the same, and you do not see theirs yet.',
  criticise: 'Say what is wrong or weak in each proposal, your own included, and name the one that is the best now.',
  revise:
    'Answer the task anew, as a whole: keep what is right in your proposal, and mend what the others say is wrong.',
  vote: 'Vote for the proposal that answers the task best, and say why in a sentence. It need not be your own.',
  judge: 'Choose the proposal that answers the task best, and say why in a sentence.',
} as const

const text = { type: 'string' }

/** As strict as models that keep to forms want it: all is there, and nothing else. */
function answerForm(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

function choiceForm(proposals: readonly Entry[]): JsonObject {
  return answerForm({ choice: nameOf(proposals), reason: text })
}

function nameOf(proposals: readonly Entry[]): JsonObject {
  return { type: 'string', enum: proposals.map(({ member }) => member) }
}

function voice(member: string, content: Entry['content'], choice: string, reason: string): Voice {
  return { member, choice: field(content, choice), reason: field(content, reason) }
}

function field(content: Entry['content'], name: string): string {
  return isJsonObject(content) ? word(content[name]) : ''
}

/** The most first. */
function countsOf(votes: readonly Voice[]): readonly { readonly choice: string; readonly count: number }[] {
  const counts = new Map<string, number>()
  for (const { choice } of votes) counts.set(choice, (counts.get(choice) ?? 0) + 1)
  return [...counts].map(([choice, count]) => ({ choice, count })).toSorted((one, other) => other.count - one.count)
}
