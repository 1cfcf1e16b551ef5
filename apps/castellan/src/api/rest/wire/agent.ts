import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import { fault, isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/index.ts'
import type { Server } from '../../../registry/index.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentSpec,
  type AssignedTool,
  CONTEXT_TOKENS,
  hasEnded,
  inDoubt,
  type Rule,
  type Run,
  type Told,
  toolText,
  word,
} from '../../../runs/index.ts'
import { errorOf, secondsOf } from './execution.ts'

/** What a server may be called by. */
type Callable = Pick<Server, 'id' | 'name'>

/** An agent from the wire. Throws `REQUEST_INVALID` for a tool of a server that is not among those of its tenant. */
export function agentSpec(wanted: z.output<typeof wire.agentInput>, servers: readonly Callable[]): AgentSpec {
  const { llm_config: llm, brain } = wanted
  return {
    name: wanted.name,
    description: wanted.description,
    system: wanted.system_prompt,
    models: llm === undefined ? [] : [llm, ...llm.fallbacks].map(({ provider, model }) => `${provider}/${model}`),
    ...(brain === undefined ? {} : { rules: brain.rules as readonly Rule[] }),
    temperature: llm?.temperature ?? null,
    maxTokens: llm?.max_tokens ?? null,
    tools: assignedTools(wanted.assigned_mcp_tools, servers),
    servers: wanted.available_mcps,
    maxIterations: wanted.max_iterations,
    contextTokens: wanted.context_tokens,
    timeout: wanted.timeout_seconds * 1_000,
    toolTimeout: wanted.tool_timeout_seconds * 1_000,
    output: wanted.output_schema as JsonObject | null,
  }
}

export function assignedTools(
  tools: readonly z.output<typeof wire.assignedTool>[],
  servers: readonly Callable[],
): readonly AssignedTool[] {
  return tools.map(({ name, mcp_server_id: given, mcp_primitive_type: primitive, description }) => {
    const server = servers.find(each => each.id === given || each.name === given)
    if (!server)
      throw fault('REQUEST_INVALID', { why: `there is no server "${given}", of which the tool "${name}" should be` })
    return { name, server: server.name, primitive, description: description ?? null }
  })
}

export function wireAgent(agent: Agent): wire.Agent {
  return {
    id: agent.id,
    name: agent.name,
    description: agent.description,
    system_prompt: agent.system,
    ...brainOf(agent),
    assigned_mcp_tools: agent.tools.map(({ name, server, primitive, description }) => ({
      name,
      mcp_server_id: server,
      mcp_primitive_type: primitive,
      ...(description === null ? {} : { description }),
    })) as wire.Agent['assigned_mcp_tools'],
    available_mcps: [...agent.servers],
    max_iterations: agent.maxIterations,
    context_tokens: agent.contextTokens ?? CONTEXT_TOKENS,
    timeout_seconds: agent.timeout / 1_000,
    tool_timeout_seconds: agent.toolTimeout / 1_000,
    output_schema: agent.output,
    version: agent.version,
  }
}

type Rules = NonNullable<wire.Agent['brain']>['rules']

function brainOf({ models, rules, temperature, maxTokens }: Agent): Pick<wire.Agent, 'llm_config' | 'brain'> {
  if (rules !== undefined) return { brain: { kind: 'rules', rules: rules as unknown as Rules } }
  const [first = '', ...fallbacks] = models
  const said = { temperature, max_tokens: maxTokens, fallbacks: fallbacks.map(modelName) }
  return { llm_config: { ...modelName(first), ...said } }
}

export function wireRun(run: Run, lines?: readonly Told[]): wire.Run {
  return {
    id: run.id,
    kind: run.kind,
    name: run.name,
    state: run.state,
    principal: run.by.principal,
    parent: run.parent,
    priority: run.priority,
    correlation_id: run.correlationId,
    queued_at: run.queuedAt,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    error: run.error,
    ...(lines === undefined
      ? {}
      : { in_doubt: [...inDoubt(lines)], ...(hasEnded(run) ? { output: lines.at(-1)?.payload ?? null } : {}) }),
  }
}

export function wireLine({ seq, type, at, data, payload }: Told): wire.RunLine {
  return {
    number: seq,
    type,
    at: new Date(at).toISOString(),
    data,
    ...(payload === undefined ? {} : { payload }),
  }
}

/** What an agent did, for whoever waited for it. */
export function wireExecution(run: Run, lines: readonly Told[]): wire.AgentExecution {
  const output = outputOf(lines.at(-1)?.payload)
  const cut = output?.cut ?? null
  return {
    success: run.state === 'completed',
    response: output?.response ?? '',
    tool_calls: toolCalls(lines),
    execution_time_seconds: secondsOf(run, lines),
    model_used: output === null || output.model === '' ? null : output.model,
    error: errorOf(run) ?? (cut === null ? null : cuts[cut]),
    run_id: run.id,
  }
}

function outputOf(payload: JsonValue | undefined): AgentOutput | null {
  return isJsonObject(payload) && 'response' in payload ? (payload as unknown as AgentOutput) : null
}

const cuts: Readonly<Record<Exclude<AgentOutput['cut'], null>, string>> = {
  iterations: 'It used all its turns and handed back what it had.',
  timeout: 'Its time was up, and it handed back what it had.',
  loop: 'It repeated itself and handed back what it had.',
  length: 'The answer was cut at the limit of its length.',
}

/** Every call of a run, and what its model was told of it. */
export function toolCalls(lines: readonly Told[]): wire.AgentExecution['tool_calls'] {
  const ends = new Map(
    lines.filter(({ type }) => type === 'tool.ended' || type === 'tool.settled').map(line => [line.data['step'], line]),
  )
  return lines
    .filter(({ type }) => type === 'tool.requested')
    .map(({ data, payload, at }) => {
      const end = ends.get(data['step'])
      const outcome = end === undefined ? 'under way' : word(end.data['outcome']) || 'ok'
      return {
        tool_name: word(data['tool']),
        tool_input: isJsonObject(payload) ? payload : {},
        tool_output: toolText(outcome, end?.payload).text,
        timestamp: new Date(at).toISOString(),
      }
    })
}

function modelName(name: string): { provider: string; model: string } {
  const slash = name.indexOf('/')
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) }
}
