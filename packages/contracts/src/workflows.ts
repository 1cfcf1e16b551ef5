import { z } from 'zod'
import { duration, groupName, id, later, line, role, text } from './common.ts'

/** As expressions name it: a letter or `_`, then letters, digits and `_`. */
const nodeId = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be 1 to 64 letters, digits and _, and begin with no digit')

/** JSONata. */
const expression = text(10_000).min(1)

/** Any JSON, in which a text that begins with `=` is an expression. */
const template = z.unknown()

const retry = z.strictObject({
  /** Times it is tried at most, the first one counted. */
  attempts: z.int().min(2).max(20),
  /** Before the second attempt; then as much longer each time as `factor` says, up to `longest`. */
  wait: duration.default('1s'),
  factor: z.number().min(1).max(10).default(2),
  longest: duration.default('1m'),
})

const always = {
  id: nodeId,
  needs: z.array(nodeId).max(100).default([]),
  /** What a failure does: it ends the run, or nothing, or leads to these nodes. */
  on_error: z
    .union(
      [z.enum(['fail', 'continue']), z.strictObject({ branch: z.array(nodeId).min(1).max(100) })],
      'must be "fail", "continue" or {"branch": [<node>, …]}',
    )
    .default('fail'),
}

const toolCall = {
  /** Exposed name, such as `files__read_text_file`. */
  tool: line(500),
  args: template.default({}),
  timeout: duration.default('30s'),
  retry: retry.optional(),
}

/** A call that takes back what the node did, when the run fails or is cancelled later. */
const compensate = z.strictObject(toolCall).optional()

const inside = { timeout: duration.optional(), retry: retry.optional(), compensate }

const flat = [
  z.strictObject({ ...always, type: z.literal(['tool', 'mcp_call']), ...toolCall, compensate }),
  z.strictObject({
    ...always,
    type: z.literal('agent'),
    agent: groupName,
    message: template,
    context: template.default({}),
    ...inside,
  }),
  z.strictObject({ ...always, type: z.literal('team'), team: groupName, input: template.default({}), ...inside }),
  z.strictObject({
    ...always,
    type: z.literal('workflow'),
    workflow: groupName,
    input: template.default({}),
    ...inside,
  }),
  z.strictObject({
    ...always,
    type: z.literal('if'),
    condition: expression,
    then: z.array(nodeId).max(100).default([]),
    else: z.array(nodeId).max(100).default([]),
  }),
  z.strictObject({
    ...always,
    type: z.literal('switch'),
    value: expression,
    /** The first that equals the value is taken. */
    cases: z
      .array(z.strictObject({ is: z.unknown(), then: z.array(nodeId).max(100).default([]) }))
      .min(1)
      .max(100),
    default: z.array(nodeId).max(100).default([]),
  }),
  z.strictObject({
    ...always,
    type: z.literal('wait'),
    /** One of these. */
    for: duration.optional(),
    until: expression.optional(),
    signal: line(100).optional(),
    webhook: z.literal(true).optional(),
    /** For a signal or a webhook. */
    timeout: duration.optional(),
  }),
  z.strictObject({
    ...always,
    type: z.literal('approval'),
    question: template,
    roles: z.array(role).min(1).default(['admin', 'operator']),
    quorum: z.int().min(1).max(20).default(1),
    /** Whether whoever the run acts for must not answer. */
    four_eyes: z.boolean().default(true),
    expires: duration.default('7d'),
  }),
  z.strictObject({ ...always, type: z.literal('transform'), expression }),
] as const

const foreach = z.strictObject({
  ...always,
  type: z.literal('foreach'),
  items: expression,
  /** Items that are under way at once. */
  concurrency: z.int().min(1).max(100).default(1),
})
const parallel = z.strictObject({ ...always, type: z.literal('parallel') })

type Flat = z.output<(typeof flat)[number]>
type Foreach = z.output<typeof foreach> & { do: WorkflowNode[] }
type Parallel = z.output<typeof parallel> & { branches: Record<string, WorkflowNode[]> }
export type WorkflowNode = Flat | Foreach | Parallel

const nodes: z.ZodType<WorkflowNode[]> = z.lazy(() => z.array(workflowNode).min(1).max(500))

const workflowNode = z.discriminatedUnion('type', [
  ...flat,
  foreach.extend({ do: nodes }),
  parallel.extend({ branches: z.record(nodeId, nodes) }),
])

/** A workflow as its author writes it, in YAML or JSON. */
export const workflowDocument = z.strictObject({
  name: groupName,
  description: text(2_000).default(''),
  nodes,
  /** `to` comes after `from`; the same as `needs`. */
  edges: z
    .array(z.strictObject({ from: nodeId, to: nodeId }))
    .max(2_000)
    .default([]),
  /** What a run ends with; without it, the output of the last node. */
  output: template.optional(),
  /** Of a whole run; without it there is none. */
  timeout: duration.optional(),
})
export type WorkflowDocument = z.output<typeof workflowDocument>

/** One of the two: the text of a YAML or JSON document, or the document. */
const written = {
  source: text(250_000).optional(),
  definition: z.record(z.string(), z.unknown()).optional(),
}

export const workflowInput = z
  .strictObject(written)
  .refine(one, 'must have "source" or "definition", and not both')
  .meta({ id: 'WorkflowWish' })
export type WorkflowInput = z.input<typeof workflowInput>

/** Something about a document, and where. */
export const workflowRemark = z
  .object({
    /** JSON Pointer (RFC 6901). */
    at: z.string(),
    /** The node it is about; null when it is about none. */
    node: z.string().nullable(),
    /** In the source, from 1; null when there is none. */
    line: z.int().nullable(),
    column: z.int().nullable(),
    message: z.string(),
  })
  .meta({ id: 'WorkflowRemark' })
export type WorkflowRemark = z.infer<typeof workflowRemark>

export const workflowCheck = z
  .object({
    valid: z.boolean(),
    problems: z.array(workflowRemark),
    /** What may be so on purpose. */
    warnings: z.array(workflowRemark),
  })
  .meta({ id: 'WorkflowCheck' })
export type WorkflowCheck = z.infer<typeof workflowCheck>

export const workflow = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    /** As it was written, when it was written as text. */
    source: z.string().nullable(),
    definition: z.record(z.string(), z.unknown()),
    /** Over the definition in its normal form. */
    digest: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Workflow' })
export type Workflow = z.infer<typeof workflow>

export const startWorkflow = z
  .strictObject({ input: z.unknown().default({}), ...later, priority: z.int().min(-100).max(100).default(0) })
  .meta({ id: 'WorkflowRunWish' })
export type StartWorkflow = z.input<typeof startWorkflow>

export const executeWorkflow = z
  .strictObject({
    /** Id or name of a stored one; or a definition, or the text of one, that is run once. */
    workflow_id: line(64).optional(),
    ...written,
    input: z.unknown().default({}),
    /** How long to wait for its end; the run goes on afterwards. */
    timeout_seconds: z.int().min(1).max(600).default(120),
  })
  .refine(({ workflow_id, ...rest }) => (workflow_id === undefined) === one(rest), {
    message: 'must have one of "workflow_id", "definition" and "source"',
  })
  .meta({ id: 'WorkflowExecutionWish' })
export type ExecuteWorkflow = z.input<typeof executeWorkflow>

/** What became of a node. */
export const nodeResult = z
  .object({
    state: z.enum(['pending', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled']),
    output: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    started_at: z.string().nullable(),
    ended_at: z.string().nullable(),
  })
  .meta({ id: 'WorkflowNodeResult' })
export type NodeResult = z.infer<typeof nodeResult>

export const workflowExecution = z
  .object({
    success: z.boolean(),
    run_id: id,
    state: z.string(),
    output: z.unknown(),
    nodes: z.record(z.string(), nodeResult),
    error: z.string().nullable(),
    execution_time_seconds: z.number(),
  })
  .meta({ id: 'WorkflowExecution' })
export type WorkflowExecution = z.infer<typeof workflowExecution>

export const answerQuestion = z
  .strictObject({ agrees: z.boolean(), reason: text(2_000).optional() })
  .meta({ id: 'QuestionAnswer' })
export type AnswerQuestion = z.input<typeof answerQuestion>

function one({ source, definition }: { readonly source?: unknown; readonly definition?: unknown }): boolean {
  return (source === undefined) !== (definition === undefined)
}
