import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { AgentInput } from '../agent/definition.ts'
import type { Decider, Decision, Happening, Tell } from '../decider.ts'
import { word } from '../word.ts'
import { collaborative } from './collaborative.ts'
import type { TeamDefinition, TeamOutput } from './definition.ts'
import { handoff } from './handoff.ts'
import type { Outcome } from './outcome.ts'
import { parallel } from './parallel.ts'
import { sequential } from './sequential.ts'
import { type Seen, Table } from './table.ts'
import { stepOf } from './task.ts'

/** What a run knows of itself; null before it has begun. */
type State = Seen | null

/**
 * What a team does next. Everything a member does is a run of its agent inside of this one, with the tools of that agent and no
 * others. At each look its protocol is gone through from the beginning, with what those runs came to: there is no other state.
 */
export const teamDecider: Decider<State> = {
  begin: () => null,
  evolve,
  decide: state => (state === null ? nothing : decisionOf(look(state))),
  request: (_, step) => {
    throw new Error(`no model is asked by a team itself: ${step}`)
  },
  compute(state, step) {
    const found = look(state!).table.computations.get(step)
    if (!found) throw new Error(`the step ${step} is no computation`)
    return found
  },
  unwind: state => (state === null ? nothing : stopped(look(state))),
  report: state => (state === null ? { board: [] } : outputOf(look(state))),
}

const nothing: Decision = { asks: [], until: null, ends: null }

function evolve(state: State, happening: Happening): State {
  switch (happening.is) {
    case 'began': {
      const { definition, input } = happening as { definition: unknown; input: unknown }
      return { definition: definition as TeamDefinition, input: input as AgentInput, asked: new Set(), ends: [] }
    }
    case 'asked':
      return { ...state!, asked: new Set([...state!.asked, happening.step]) }
    case 'ended':
      return { ...state!, ends: [...state!.ends, happening] }
    default:
      throw happening satisfies never
  }
}

interface Look {
  readonly table: Table
  readonly outcome: Outcome
}

function look(state: Seen): Look {
  const table = new Table(state)
  return { table, outcome: outcomeOf(table) }
}

function outcomeOf(table: Table): Outcome {
  const { protocol } = table.seen.definition.team
  switch (protocol.is) {
    case 'sequential':
      return sequential(table)
    case 'parallel':
      return parallel(table, protocol)
    case 'collaborative':
      return collaborative(table, protocol)
    case 'handoff':
      return handoff(table, protocol)
    default:
      throw protocol satisfies never
  }
}

function decisionOf(found: Look): Decision {
  const { table, outcome } = found
  if (outcome.is === 'open') return { asks: table.asks, tells: table.tells, until: null, ends: null }
  const output = outputOf(found)
  const ends =
    outcome.is === 'decided'
      ? ({ is: 'completed', output } as const)
      : ({ is: 'failed', why: outcome.why, steps: outcome.steps, output } as const)
  // Nobody waits for those who are still at it, and nobody else begins.
  return { asks: [], tells: [...table.tells, ...decidedTell(found)], stops: table.under, until: null, ends }
}

function stopped(found: Look): Decision {
  return { ...nothing, tells: found.table.tells, ends: { is: 'failed', why: '', steps: [], output: outputOf(found) } }
}

/** The line that tells how something was decided, and who would have had it otherwise. */
function decidedTell({ table, outcome }: Look): readonly Tell[] {
  if (outcome.is !== 'decided' || outcome.verdict === null) return []
  const { by, winner, needed, of, votes } = outcome.verdict
  const dissent = outcome.dissent.map(({ member, choice }) => ({ member, choice }))
  const version = table.board.length
  return [
    {
      type: 'team.decided',
      step: ':decision',
      data: { by, winner, needed, of, votes: votes.length, version, dissent },
    },
  ]
}

function outputOf({ table, outcome }: Look): JsonValue {
  const { protocol } = table.seen.definition.team
  const decided = outcome.is === 'decided' ? outcome : null
  const counting = table.board.filter(({ version }) => version <= (decided?.asOf ?? Infinity))
  const output: TeamOutput = {
    response: decided?.response ?? '',
    structured: decided?.structured ?? null,
    protocol: protocol.is,
    board: table.board.map(shown),
    decision: decided?.verdict ?? null,
    dissent: outcome.is === 'open' ? [] : outcome.dissent,
    failed: counting.flatMap(({ kind, member, content }) =>
      kind === 'member_failed' ? [{ member, why: word(content) }] : [],
    ),
    cut: decided?.cut ?? null,
    usage: table.usage,
  }
  return output as unknown as JsonValue
}

function shown({ version, kind, verb, round, member, run, at, content }: Table['board'][number]): JsonObject {
  const step = stepOf({ verb, round, member })
  return { version, kind, member, round, step, run, at: new Date(at).toISOString(), content }
}
