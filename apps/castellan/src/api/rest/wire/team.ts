import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import { isJsonObject } from '../../../kernel/index.ts'
import {
  hasEnded,
  type Protocol,
  type Run,
  type Runs,
  taskOf,
  type Team,
  type TeamOutput,
  type TeamSpec,
  type Told,
} from '../../../runs/index.ts'
import { toolCalls } from './agent.ts'
import { errorOf, secondsOf } from './execution.ts'

export function teamSpec(wanted: z.output<typeof wire.teamInput>): TeamSpec {
  const { name, description, protocol, max_tokens: maxTokens } = wanted
  const members = wanted.members.map(({ name: own, agent, role }) => ({ name: own ?? agent, agent, role }))
  return { name, description, members, protocol: protocolOf(protocol, members), maxTokens }
}

type WireProtocol = z.output<typeof wire.teamInput>['protocol']

function protocolOf(given: WireProtocol, members: TeamSpec['members']): Protocol {
  switch (given.type) {
    case 'sequential':
      return { is: 'sequential' }
    case 'parallel': {
      const { by: is, ...merge } = given.merge
      return { is: 'parallel', merge: { is, ...merge } as Extract<Protocol, { is: 'parallel' }>['merge'] }
    }
    case 'collaborative': {
      const { rounds, decide, quorum, early_stop: earlyStop } = given
      return {
        is: 'collaborative',
        rounds,
        decide: decide.by === 'vote' ? { is: 'vote' } : { is: 'judge', agent: decide.agent },
        quorum,
        earlyStop,
      }
    }
    case 'handoff':
      return { is: 'handoff', start: given.start ?? members[0]!.name, mostHandoffs: given.max_handoffs }
    default:
      throw given satisfies never
  }
}

export function wireTeam({ id, name, description, members, protocol, maxTokens, version }: Team): wire.Team {
  return {
    id,
    name,
    description,
    members: members.map(member => ({ ...member })),
    protocol: wireProtocol(protocol),
    max_tokens: maxTokens,
    version,
  }
}

function wireProtocol(protocol: Protocol): WireProtocol {
  switch (protocol.is) {
    case 'sequential':
      return { type: 'sequential' }
    case 'parallel': {
      const { is: by, ...merge } = protocol.merge
      return { type: 'parallel', merge: { by, ...merge } as Extract<WireProtocol, { type: 'parallel' }>['merge'] }
    }
    case 'collaborative': {
      const { rounds, decide, quorum, earlyStop } = protocol
      return {
        type: 'collaborative',
        rounds,
        decide: decide.is === 'vote' ? { by: 'vote' } : { by: 'judge', agent: decide.agent },
        quorum,
        early_stop: earlyStop,
      }
    }
    case 'handoff':
      return { type: 'handoff', start: protocol.start, max_handoffs: protocol.mostHandoffs }
    default:
      throw protocol satisfies never
  }
}

/** A run of a member, with all that it did. */
export interface MemberRun {
  readonly run: Run
  readonly lines: readonly Told[]
}

/** What a team came to, for whoever waited for it. */
export function wireTeamExecution(
  run: Run,
  lines: readonly Told[],
  { report }: ReturnType<Runs['look']>,
  members: readonly MemberRun[],
): wire.TeamExecution {
  const payload = hasEnded(run) ? lines.at(-1)?.payload : report
  const output = (isJsonObject(payload) && 'board' in payload ? payload : nothingYet) as unknown as TeamOutput
  return {
    success: run.state === 'completed',
    run_id: run.id,
    state: run.state,
    ...(output as unknown as Pick<wire.TeamExecution, keyof TeamOutput>),
    members: members.map(({ run: inner, lines: said }) => ({
      member: taskOf(inner.parent?.step ?? '')?.member ?? inner.name,
      step: inner.parent?.step ?? '',
      run_id: inner.id,
      state: inner.state,
      tool_calls: toolCalls(said),
    })),
    error: errorOf(run),
    execution_time_seconds: secondsOf(run, lines),
  }
}

/** Of a run that was stopped before it began. */
const nothingYet: TeamOutput = {
  response: '',
  structured: null,
  protocol: '',
  board: [],
  decision: null,
  dissent: [],
  failed: [],
  cut: null,
  usage: { input: 0, output: 0, cached: 0, guessed: false },
}
