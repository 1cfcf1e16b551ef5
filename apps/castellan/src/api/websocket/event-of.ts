import type { LiveDelta, LiveEvent } from '@castellan/contracts'
import type { SequencedEntry } from '../../journal/index.ts'
import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import { type Piece, word } from '../../runs/index.ts'

/** What a client is told of a line of a run; null for lines that say nothing to it. `payload` is what the line carries. */
export function eventOf(
  { offset, at, type, stream, data }: SequencedEntry,
  payload: JsonValue | undefined,
): LiveEvent | null {
  const told = { offset, at, execution_id: stream.slice('run:'.length) }
  const step = word(data['step'])
  const progress = (state: string): LiveEvent => ({
    type: 'execution.progress',
    ...told,
    state,
    step: step === '' ? null : step,
  })
  switch (type) {
    case 'run.queued':
    case 'run.forked':
      return { type: 'execution.started', ...told, kind: word(data['kind']), name: word(data['name']) }
    case 'run.started':
    case 'run.resumed':
      return progress('running')
    case 'run.paused':
      return progress('paused')
    case 'tool.requested':
      return { type: 'tool.execution', ...told, step, tool: word(data['tool']), status: 'started' }
    case 'tool.ended': {
      const status = word(data['outcome'])
      return { type: 'tool.execution', ...told, step, tool: word(data['tool']), status }
    }
    case 'tool.parked': {
      const approval = { approval_id: word(data['approval']), expires_at: word(data['expires_at']) }
      return { type: 'approval.requested', ...told, step, ...approval }
    }
    case 'model.ended': {
      const text = isJsonObject(payload) ? word(payload['text']) : ''
      const iteration = iterationOf(step)
      return text === '' || iteration === null ? null : { type: 'agent.reasoning', ...told, text, iteration }
    }
    case 'team.answered':
    case 'team.proposed':
    case 'team.criticised':
    case 'team.revised':
    case 'team.voted':
    case 'team.judged':
    case 'team.merged':
    case 'team.handed_off':
    case 'team.member_failed':
    case 'team.decided': {
      const member = word(data['member']) || null
      const kind = type.slice('team.'.length)
      return { type: 'team.progress', ...told, step, kind, member, version: Number(data['version']) }
    }
    case 'run.completed':
      return { type: 'execution.completed', ...told, output: payload ?? null }
    case 'run.failed':
      return { type: 'execution.error', ...told, error: word(data['why']), output: payload ?? null }
    case 'run.cancelled':
      return { type: 'execution.cancelled', ...told }
    default:
      return null
  }
}

/** What a client is told of a piece of an answer; null for what it is told nothing of. */
export function deltaOf({ run, step, hold, is, from, text }: Piece): LiveDelta | null {
  const iteration = iterationOf(step)
  return iteration === null
    ? null
    : { type: 'agent.delta', execution_id: run, step, attempt: hold, iteration, is, from, text }
}

/** Null for a summary of what was said, which is nothing that the agent says. */
function iterationOf(step: string): number | null {
  return /^s\d/.test(step) ? null : Number(/^m(\d+)/.exec(step)?.[1] ?? 0)
}

/** Lines whose events need what they carry. */
export const carrying: ReadonlySet<string> = new Set(['model.ended', 'run.completed', 'run.failed'])
