import { z } from 'zod'
import { agentExecution } from './agents.ts'
import { groupName, id, later, text } from './common.ts'
import { boardEntry } from './team-board.ts'

const member = z.strictObject({
  /** What the team calls it; without it, the name of its agent. */
  name: groupName.optional(),
  agent: groupName,
  /** Put before everything it is told. */
  role: text(10_000).default(''),
})

/** How the answers of all become one. */
const merge = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('concat') }),
  /** Whoever answers first; the others are stopped. */
  z.strictObject({ by: z.literal('first') }),
  /** What more than half of the members say in the same words. */
  z.strictObject({ by: z.literal('majority') }),
  /** JSONata over `answers`, a list of `{member, response, structured}`, and `input`. */
  z.strictObject({ by: z.literal('expression'), expression: text(10_000).min(1) }),
  z.strictObject({ by: z.literal('agent'), agent: groupName }),
])

/** How many of all members must agree: more than half, everybody, or this part of them. */
const quorum = z.union(
  [z.enum(['majority', 'unanimous']), z.number().gt(0).max(1)],
  'must be "majority", "unanimous" or a number above 0 and up to 1',
)

const protocol = z.discriminatedUnion('type', [
  /** One after the other; each sees what those before have produced. */
  z.strictObject({ type: z.literal('sequential') }),
  /** All at once. */
  z.strictObject({ type: z.literal('parallel'), merge: merge.default({ by: 'concat' }) }),
  /** Blind proposals, rounds of critique and revision, and a decision. */
  z.strictObject({
    type: z.literal('collaborative'),
    /** Of critique and revision, at most. */
    rounds: z.int().min(0).max(10).default(2),
    decide: z
      .discriminatedUnion('by', [
        z.strictObject({ by: z.literal('vote') }),
        z.strictObject({ by: z.literal('judge'), agent: groupName }),
      ])
      .default({ by: 'vote' }),
    /** So many must vote for one proposal; of a judge's decision, so many must have taken part. */
    quorum: quorum.default('majority'),
    /** Whether it is decided as soon as everybody holds the same proposal to be the best. */
    early_stop: z.boolean().default(true),
  }),
  /** One at a time, who answers or hands over to another. */
  z.strictObject({
    type: z.literal('handoff'),
    /** The member that begins; without it, the first. */
    start: groupName.optional(),
    max_handoffs: z.int().min(0).max(50).default(10),
  }),
])

const teamFields = {
  description: text(2_000).default(''),
  members: z.array(member).min(1).max(20),
  protocol,
  /** Tokens of all members together; once they are used nobody is asked for more than a vote. Null for no limit. */
  max_tokens: z.int().min(1).max(1_000_000_000).nullable().default(null),
}

export const teamInput = z.strictObject({ name: groupName, ...teamFields }).meta({ id: 'TeamWish' })
export type TeamInput = z.input<typeof teamInput>

export const team = z.object({ id, name: z.string(), ...teamFields, version: z.int() }).meta({ id: 'Team' })
export type Team = z.infer<typeof team>

/** What is told to a team that is to begin. */
const said = {
  user_message: text(1_000_000).min(1),
  /** What its members should know besides. */
  context: z.record(z.string(), z.unknown()).default({}),
}

export const executeTeam = z
  .strictObject({
    ...said,
    /** How long to wait for its end; the run goes on afterwards. */
    timeout_seconds: z.int().min(1).max(600).default(120),
  })
  .meta({ id: 'TeamExecutionWish' })
export type ExecuteTeam = z.input<typeof executeTeam>

export const startTeam = z
  .strictObject({ ...said, ...later, priority: z.int().min(-100).max(100).default(0) })
  .meta({ id: 'TeamRunWish' })
export type StartTeam = z.input<typeof startTeam>

const voice = z.object({ member: z.string(), choice: z.string(), reason: z.string() })

export const teamExecution = z
  .object({
    success: z.boolean(),
    run_id: id,
    state: z.string(),
    response: z.string(),
    /** The answer as a value, when it is one. */
    structured: z.unknown(),
    protocol: z.string(),
    board: z.array(boardEntry),
    /** How it was decided; null when it was not, or nothing was to be. */
    decision: z
      .object({
        by: z.enum(['vote', 'judge', 'agreement', 'majority']),
        winner: z.string(),
        /** How many had to agree, of how many; of a judge's decision, to take part. */
        needed: z.int(),
        of: z.int(),
        votes: z.array(voice),
      })
      .nullable(),
    /** Who would have had it otherwise. */
    dissent: z.array(voice),
    failed: z.array(z.object({ member: z.string(), why: z.string() })),
    /** `tokens` when they were used up, and it was decided with what there was. */
    cut: z.enum(['tokens']).nullable(),
    /** Of all members that ended. */
    usage: z.object({ input: z.int(), output: z.int(), cached: z.int(), guessed: z.boolean() }),
    /** What each run of a member did, in the order in which they began. */
    members: z.array(
      z.object({
        member: z.string(),
        step: z.string(),
        run_id: id,
        state: z.string(),
        tool_calls: agentExecution.shape.tool_calls,
      }),
    ),
    error: z.string().nullable(),
    execution_time_seconds: z.number(),
  })
  .meta({ id: 'TeamExecution' })
export type TeamExecution = z.infer<typeof teamExecution>
