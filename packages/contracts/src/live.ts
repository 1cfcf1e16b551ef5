import { z } from 'zod'
import { startAgent } from './agents.ts'
import { id, line, text, timestamp } from './common.ts'
import { startTeam } from './teams.ts'
import { startWorkflow } from './workflows.ts'

/** The subprotocol that both sides name; a client that cannot send headers names `bearer.<key>` besides. */
export const LIVE_PROTOCOL = 'castellan.v1'

/** What a client wants, over `/ws/session/:sessionId`. `id` comes back with the answer. */
const wanted = { id: line(128).optional() }
const execution = { ...wanted, execution_id: id }

export const liveCommand = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('run_agent'), ...wanted, agent_id: line(64), ...startAgent.shape }),
    z.strictObject({ type: z.literal('run_workflow'), ...wanted, workflow_id: line(64), ...startWorkflow.shape }),
    z.strictObject({ type: z.literal('run_team'), ...wanted, team_id: line(64), ...startTeam.shape }),
    z.strictObject({ type: z.literal('cancel_execution'), ...execution }),
    z.strictObject({ type: z.literal('pause'), ...execution }),
    z.strictObject({ type: z.literal('resume'), ...execution }),
    z.strictObject({
      type: z.literal('approve'),
      ...wanted,
      approval_id: id,
      /** False refuses it. */
      agrees: z.boolean().default(true),
      reason: text(2_000).optional(),
    }),
    /** Executions of the session are told of anyway; this is for others. From the beginning, or after an offset. */
    z.strictObject({ type: z.literal('subscribe'), ...execution, after: z.int().min(0).optional() }),
    z.strictObject({ type: z.literal('unsubscribe'), ...execution }),
    /**
     * Everything after an offset, whatever was told already. Whoever comes back after its connection was lost had better connect with
     * `?resume_from=<offset>`: then nothing comes twice.
     */
    z.strictObject({ type: z.literal('resume_from'), ...wanted, offset: z.int().min(0) }),
  ])
  .meta({ id: 'LiveCommand' })
export type LiveCommand = z.input<typeof liveCommand>

/** Where an event stands in the journal: events come in this order, and `resume_from` goes on after one. */
const told = { offset: z.int(), at: timestamp, execution_id: id }

export const liveEvent = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('execution.started'), ...told, kind: z.string(), name: z.string() }),
    /** It stands differently now: `waiting`, `paused`, `parked` or `running`. */
    z.object({ type: z.literal('execution.progress'), ...told, state: z.string(), step: z.string().nullable() }),
    z.object({ type: z.literal('agent.reasoning'), ...told, text: z.string(), iteration: z.int() }),
    z.object({
      type: z.literal('tool.execution'),
      ...told,
      step: z.string(),
      tool: z.string(),
      /** `started`, or how it ended. */
      status: z.string(),
    }),
    /** A member of a team has put something on the board, or it was decided. */
    z.object({
      type: z.literal('team.progress'),
      ...told,
      step: z.string(),
      /** `proposed`, `criticised`, `revised`, `voted`, `handed_off`, `member_failed`, `decided` and the like. */
      kind: z.string(),
      /** Null for what was decided by all. */
      member: z.string().nullable(),
      version: z.int(),
    }),
    z.object({
      type: z.literal('approval.requested'),
      ...told,
      step: z.string(),
      approval_id: z.string(),
      expires_at: timestamp,
    }),
    z.object({ type: z.literal('execution.completed'), ...told, output: z.unknown() }),
    z.object({ type: z.literal('execution.error'), ...told, error: z.string(), output: z.unknown() }),
    z.object({ type: z.literal('execution.cancelled'), ...told }),
    /** For those who may see servers. */
    z.object({
      type: z.literal('service.health'),
      offset: z.int(),
      at: timestamp,
      server: z.string(),
      status: z.string(),
    }),
  ])
  .meta({ id: 'LiveEvent' })
export type LiveEvent = z.infer<typeof liveEvent>

/**
 * Some of what an agent's model says, while it says it. It is told once, to whoever watches, in no place of the journal; all of the text
 * comes again as `agent.reasoning`.
 */
export const liveDelta = z
  .object({
    type: z.literal('agent.delta'),
    execution_id: id,
    /** An answer that is asked for again, after a provider failed, is another step. */
    step: z.string(),
    /** Goes up when another process has to begin the answer anew: what was heard of it before belongs to nothing. */
    attempt: z.int(),
    iteration: z.int(),
    /** What it says, or what it thinks before, of which nothing is kept. */
    is: z.enum(['text', 'reasoning']),
    /** Where in all of this kind in this step it begins, in UTF-16 code units: beyond the end of the last one when some was left out. */
    from: z.int(),
    text: z.string(),
  })
  .meta({ id: 'LiveDelta' })
export type LiveDelta = z.infer<typeof liveDelta>

/** The answer to a command. */
export type LiveAnswer =
  | { readonly type: 'done'; readonly id: string | null; readonly execution_id?: string }
  | { readonly type: 'error'; readonly id: string | null; readonly code: string; readonly message: string }
  /** First of all: the events that follow are those after this offset. */
  | { readonly type: 'hello'; readonly session_id: string; readonly offset: number }
