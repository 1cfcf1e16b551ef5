import { z } from 'zod'
import { groupName, id, later, line, role, serverName, text, timestamp } from './common.ts'
import { boardEntry } from './team-board.ts'
import { nodeResult } from './workflows.ts'

const modelName = z
  .strictObject({
    /** A name under `models.providers` of the settings. */
    provider: line(64),
    /** As the provider names it. */
    model: line(200),
  })
  .meta({ id: 'ModelName' })

export const assignedTool = z
  .strictObject({
    /** The tool as its server names it. */
    name: line(500),
    /** Id or name of the server. */
    mcp_server_id: line(64),
    mcp_primitive_type: z.enum(['tool', 'resource', 'prompt']).default('tool'),
    /** For the model, in place of what the server says of it. */
    description: text(10_000).optional(),
  })
  .meta({ id: 'AssignedTool' })
export type AssignedTool = z.input<typeof assignedTool>

/** All that JSON can be. */
const anything = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
])

/** What an agent does in which case, with JSONata over `message`, `context`, `observations` and `iteration`. */
const rule = z.strictObject({
  /** The rule fits when it comes to true. */
  when: text(10_000).min(1),
  do: z.union(
    [
      z.strictObject({ tool: line(500), args: z.record(z.string(), z.unknown()).default({}) }),
      z.strictObject({ answer: anything }),
    ],
    'must be {"tool": …, "args": {…}} or {"answer": …}',
  ),
})
const rulesBrain = z
  .strictObject({ kind: z.literal('rules'), rules: z.array(rule).min(1).max(200) })
  .meta({ id: 'RulesBrain' })

const agentFields = {
  description: text(2_000).default(''),
  system_prompt: text(100_000).default(''),
  /** Either this or `brain`. */
  llm_config: modelName
    .extend({
      temperature: z.number().min(0).max(2).nullable().default(null),
      max_tokens: z.int().min(1).max(1_000_000).nullable().default(null),
      /** Asked in turn when the model before is not to be had. */
      fallbacks: z.array(modelName).max(10).default([]),
    })
    .optional(),
  /** In place of a model: the first rule that fits says what is done. */
  brain: rulesBrain.optional(),
  assigned_mcp_tools: z.array(assignedTool).max(500).default([]),
  /** Servers of which the agent may use every tool that its caller may. */
  available_mcps: z.array(serverName).max(100).default([]),
  /** Times the model is asked before it has to hand back what it has. */
  max_iterations: z.int().min(1).max(1_000).default(15),
  /** Tokens that it tells its model at most, as lengths tell; what is older is summarised. */
  context_tokens: z.int().min(1_000).max(10_000_000).default(100_000),
  timeout_seconds: z.int().min(10).max(600).default(120),
  tool_timeout_seconds: z.int().min(1).max(600).default(30),
  /** JSON Schema of the answer; null for prose. */
  output_schema: z.record(z.string(), z.unknown()).nullable().default(null),
}

export const agentInput = z
  .strictObject({ name: groupName, ...agentFields })
  .refine(({ llm_config: model, brain }) => (model === undefined) !== (brain === undefined), {
    path: ['llm_config'],
    message: 'either this or "brain" is given, and not both',
  })
  .meta({ id: 'AgentWish' })
export type AgentInput = z.input<typeof agentInput>

export const assignTools = z
  .strictObject({ assigned_mcp_tools: z.array(assignedTool).max(500) })
  .meta({ id: 'ToolAssignment' })

export const agent = z.object({ id, name: z.string(), ...agentFields, version: z.int() }).meta({ id: 'Agent' })
export type Agent = z.infer<typeof agent>

/** What is told to an agent that is to begin. */
const said = {
  user_message: text(1_000_000).min(1),
  /** What it should know besides. */
  context: z.record(z.string(), z.unknown()).default({}),
  /** In place of what the agent has. */
  timeout_seconds: z.int().min(10).max(600).optional(),
}

export const executeAgent = z.strictObject({ agent_id: line(64), ...said }).meta({ id: 'AgentExecutionWish' })
export type ExecuteAgent = z.input<typeof executeAgent>

export const startAgent = z
  .strictObject({ ...said, ...later, priority: z.int().min(-100).max(100).default(0) })
  .meta({ id: 'AgentRunWish' })
export type StartAgent = z.input<typeof startAgent>

export const agentExecution = z
  .object({
    success: z.boolean(),
    response: z.string(),
    tool_calls: z.array(
      z.object({
        tool_name: z.string(),
        tool_input: z.record(z.string(), z.unknown()),
        /** What the model was told of it. */
        tool_output: z.string(),
        timestamp,
      }),
    ),
    execution_time_seconds: z.number(),
    model_used: z.string().nullable(),
    /** Why it did not succeed, or had to hand back what it had; null when it was done. */
    error: z.string().nullable(),
    run_id: id,
  })
  .meta({ id: 'AgentExecution' })
export type AgentExecution = z.infer<typeof agentExecution>

export const run = z
  .object({
    id,
    kind: z.enum(['agent', 'workflow', 'team']),
    name: z.string(),
    state: z.enum(['queued', 'running', 'waiting', 'parked', 'paused', 'completed', 'failed', 'cancelled']),
    principal: z.string(),
    /** The run and the step of it that began this one. */
    parent: z.object({ run: z.string(), step: z.string() }).nullable(),
    priority: z.int(),
    correlation_id: z.string(),
    queued_at: timestamp,
    started_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
    error: z.string().nullable(),
    /** Steps of which nobody knows what became of them: a person has to say it. */
    in_doubt: z.array(z.string()).optional(),
    /** What became of the nodes of a workflow so far; once it has ended, its output has them. */
    nodes: z.record(z.string(), nodeResult).optional(),
    /** What the members of a team have produced so far; once it has ended, its output has it. */
    board: z.array(boardEntry).optional(),
    /** What it waits for now: a time, a signal by its name, a call of its address, or an answer of people. */
    waits: z
      .array(
        z.object({
          step: z.string(),
          for: z.enum(['time', 'signal', 'call', 'answer']),
          until: timestamp.nullable(),
          name: z.string().optional(),
          url: z.string().optional(),
          question: z.string().optional(),
          /** Who may answer; so many must agree, and one who refuses is enough. */
          roles: z.array(role).optional(),
          quorum: z.int().optional(),
          /** Whether whoever the run acts for must not answer. */
          four_eyes: z.boolean().optional(),
          answers: z.array(z.object({ by: z.string(), agrees: z.boolean(), reason: z.string().nullable() })).optional(),
        }),
      )
      .optional(),
    /** What it ended with; absent in lists, and before it has. */
    output: z.unknown().optional(),
  })
  .meta({ id: 'Run' })
export type Run = z.infer<typeof run>

export const runLine = z
  .object({
    /** From 0. */
    number: z.int(),
    type: z.string(),
    at: timestamp,
    data: z.record(z.string(), z.unknown()),
    /** Arguments, results, messages; absent when the line carries nothing. */
    payload: z.unknown().optional(),
  })
  .meta({ id: 'RunLine' })
export type RunLine = z.infer<typeof runLine>

export const forkRun = z
  .strictObject({
    /** Number of the last line that is kept. */
    at: z.int().min(0),
    /** In place of what the run was told: an agent or a team. */
    user_message: text(1_000_000).min(1).optional(),
    context: z.record(z.string(), z.unknown()).optional(),
    /** In place of what the run was told: a workflow. */
    input: z.unknown().optional(),
  })
  .meta({ id: 'RunFork' })
export type ForkRun = z.input<typeof forkRun>

export const settleStep = z
  .strictObject({
    /**
     * `happened`: it took effect. `retry`: it did not, and is made again. `unknown`: nobody can say, and the run goes on knowing that.
     * `abort`: the run is given up.
     */
    as: z.enum(['happened', 'retry', 'unknown', 'abort']),
    /** For `happened`: what it answered, as a result of MCP. */
    result: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ as, result }) => result === undefined || as === 'happened', {
    path: ['result'],
    message: 'is nothing unless it happened',
  })
  .meta({ id: 'StepSettlement' })
export type SettleStep = z.input<typeof settleStep>
