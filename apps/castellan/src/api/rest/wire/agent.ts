import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import { fault, isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/index.ts'
import type { Registry } from '../../../registry/index.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentSpec,
  type AssignedTool,
  hasEnded,
  inDoubt,
  type Run,
  type Told,
  toolText,
  word,
} from '../../../runs/index.ts'

/** An agent from the wire. Throws `REQUEST_INVALID` for a tool of a server that is not there. */
export function agentSpec(
  wanted: z.output<typeof wire.agentInput>,
  servers: Pick<Registry, 'servers'>,
  tenant: string,
): AgentSpec {
  const { llm_config: llm } = wanted
  return {
    name: wanted.name,
    description: wanted.description,
    system: wanted.system_prompt,
    models: [llm, ...llm.fallbacks].map(({ provider, model }) => `${provider}/${model}`),
    temperature: llm.temperature,
    maxTokens: llm.max_tokens,
    tools: assignedTools(wanted.assigned_mcp_tools, servers, tenant),
    servers: wanted.available_mcps,
    maxIterations: wanted.max_iterations,
    timeout: wanted.timeout_seconds * 1_000,
    toolTimeout: wanted.tool_timeout_seconds * 1_000,
    output: wanted.output_schema as JsonObject | null,
  }
}

export function assignedTools(
  tools: readonly z.output<typeof wire.assignedTool>[],
  registry: Pick<Registry, 'servers'>,
  tenant: string,
): readonly AssignedTool[] {
  const servers = registry.servers().filter(each => each.tenant === tenant)
  return tools.map(({ name, mcp_server_id: given, mcp_primitive_type: primitive, description }) => {
    const server = servers.find(each => each.id === given || each.name === given)
    if (!server)
      throw fault('REQUEST_INVALID', { why: `there is no server "${given}", of which the tool "${name}" should be` })
    return { name, server: server.name, primitive, description: description ?? null }
  })
}

export function wireAgent(agent: Agent): wire.Agent {
  const [first = '', ...fallbacks] = agent.models
  return {
    id: agent.id,
    name: agent.name,
    description: agent.description,
    system_prompt: agent.system,
    llm_config: {
      ...modelName(first),
      temperature: agent.temperature,
      max_tokens: agent.maxTokens,
      fallbacks: fallbacks.map(modelName),
    },
    assigned_mcp_tools: agent.tools.map(({ name, server, primitive, description }) => ({
      name,
      mcp_server_id: server,
      mcp_primitive_type: primitive,
      ...(description === null ? {} : { description }),
    })) as wire.Agent['assigned_mcp_tools'],
    available_mcps: [...agent.servers],
    max_iterations: agent.maxIterations,
    timeout_seconds: agent.timeout / 1_000,
    tool_timeout_seconds: agent.toolTimeout / 1_000,
    output_schema: agent.output,
    version: agent.version,
  }
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
  const error = run.error ?? (hasEnded(run) ? (cut === null ? null : cuts[cut]) : unfinished(run))
  const began = Date.parse(run.queuedAt)
  const over = run.endedAt === null ? lines.at(-1)!.at : Date.parse(run.endedAt)
  return {
    success: run.state === 'completed',
    response: output?.response ?? '',
    tool_calls: toolCalls(lines),
    execution_time_seconds: (over - began) / 1_000,
    model_used: output === null || output.model === '' ? null : output.model,
    error: run.state === 'cancelled' ? 'It was cancelled.' : error,
    run_id: run.id,
  }
}

function outputOf(payload: JsonValue | undefined): AgentOutput | null {
  return isJsonObject(payload) && 'response' in payload ? (payload as unknown as AgentOutput) : null
}

function unfinished({ id, state }: Run): string {
  return `It has not ended: the run ${id} is ${state}, and goes on.`
}

const cuts: Readonly<Record<Exclude<AgentOutput['cut'], null>, string>> = {
  iterations: 'It used all its turns and handed back what it had.',
  timeout: 'Its time was up, and it handed back what it had.',
  loop: 'It repeated itself and handed back what it had.',
  length: 'The answer was cut at the limit of its length.',
}

function toolCalls(lines: readonly Told[]): wire.AgentExecution['tool_calls'] {
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
