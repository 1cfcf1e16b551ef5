import type { AgentToolSettings } from '@castellan/contracts'
import type { Actor, Identity } from '../../../identity/index.ts'
import { isFault, isJsonObject, type JsonObject, parseDuration } from '../../../kernel/index.ts'
import type { Offers } from '../../../registry/index.ts'
import {
  type AgentDefinition,
  type AgentOutput,
  type Agents,
  definitionOf,
  hasEnded,
  type Run,
  type Runs,
} from '../../../runs/index.ts'
import { type Asked, fields, refused, tool, type Tool, type Toolbox } from '../tool.ts'

/** Asked for with each call: what runs is built after what connects. */
export interface AgentParts {
  readonly runs: () => Pick<Runs, 'start' | 'ended' | 'cancel' | 'lines' | 'get'>
  readonly agents: () => Pick<Agents, 'get'>
  /** What somebody may see. */
  readonly offers: (identity: Identity) => Pick<Offers, 'list'>
}

/**
 * An agent, or a model alone, as a tool. Each call is a run on behalf of whoever calls, with no more rights than they have; a run
 * inside of a run counts how deep it is. Whoever gives the call up ends the run.
 */
export function agent(settings: AgentToolSettings, parts: AgentParts): Toolbox {
  const make = (name: string, description: string, input: Input, messageOf: (wish: Wish) => string): Tool =>
    tool<Wish>(
      {
        name,
        description,
        inputSchema: fields(input.properties, input.optional),
        outputSchema: answer,
        annotations: {
          // A model without tools changes nothing; but what it is told leaves the house.
          readOnlyHint: settings.agent === undefined,
          openWorldHint: true,
        },
        _meta: { 'castellan/labels': ['untrusted'] },
      },
      (wish, asked) => answered(messageOf(wish), settings, parts, asked),
    )
  return {
    tools: [
      make(
        'think',
        'Has an agent think about a question, and shows its answer.',
        { properties: { question: text, context: text }, optional: ['context'] },
        wish =>
          told('Think about this question step by step, and answer it.', {
            Question: wish['question'],
            Context: wish['context'],
          }),
      ),
      make(
        'code',
        'Has an agent write code for a task, and shows it.',
        { properties: { task: text, language: name, context: text }, optional: ['language', 'context'] },
        wish =>
          told('Write code for this task. Answer with the code, and say in few words how it is used.', {
            Task: wish['task'],
            Language: wish['language'],
            Context: wish['context'],
          }),
      ),
      make(
        'review',
        'Has an agent review a text or a piece of code, and shows what it found.',
        { properties: { subject: text, criteria: text }, optional: ['criteria'] },
        wish =>
          told('Review this. Name what is wrong or weak, the gravest first, and what to do about each.', {
            Criteria: wish['criteria'],
            Subject: wish['subject'],
          }),
      ),
    ],
    // Whether there is the agent shows when it is asked for: it may come and go.
    probe: async () => undefined,
  }
}

type Wish = Readonly<Record<string, string | undefined>>

interface Input {
  readonly properties: Readonly<Record<string, JsonObject>>
  readonly optional: readonly string[]
}

async function answered(message: string, settings: AgentToolSettings, parts: AgentParts, asked: Asked) {
  const { identity, context } = asked.call
  const within = await runAround(asked, parts)
  const depth = within === null ? 0 : within.depth + 1
  if (depth >= settings.max_depth) {
    throw refused(`agents are already ${depth} deep in one another here, and ${settings.max_depth} is the most`)
  }
  const actor = { tenant: identity.tenant, principal: identity.principal.id, correlationId: context.correlationId }
  const { definition, subject } = await whatRuns(settings, parts, identity)
  const runs = parts.runs()
  const run = await runs.start(
    {
      kind: 'agent',
      name: definition.name,
      ...(subject === null ? {} : { subject }),
      definition: definition as unknown as JsonObject,
      input: { message, context: {} },
      ...(within === null ? {} : { within }),
    },
    identity,
    actor,
  )
  const ended = await runs.ended(run, asked.signal)
  if (!hasEnded(ended)) await giveUp(runs, run, actor)
  asked.signal.throwIfAborted()
  if (ended.state === 'failed')
    throw refused(`the agent failed: ${ended.error ?? 'it did not say why'} (run ${run.id})`)
  const output = (await runs.lines(run)).at(-1)?.payload
  if (ended.state !== 'completed' || !isJsonObject(output))
    throw refused(`the run ${run.id} was ended before it had an answer`)
  const { response, structured, model, cut } = output as unknown as AgentOutput
  return { structured: { run_id: run.id, response, structured, model, cut }, text: response }
}

/** The run that the call is a step of; null for a call of no run. Nobody but a run of ours can say that it is one. */
async function runAround({ call: { identity, context } }: Asked, parts: AgentParts): Promise<Run | null> {
  if (context.via !== 'run' || context.causationId === null) return null
  return parts.runs().get(identity.tenant, context.causationId)
}

async function whatRuns(
  settings: AgentToolSettings,
  { agents, offers }: AgentParts,
  identity: Identity,
): Promise<{ readonly definition: AgentDefinition; readonly subject: string | null }> {
  const timeout = parseDuration(settings.timeout)
  if (settings.agent === undefined) return { definition: modelAlone(settings.model!, timeout), subject: null }
  try {
    const agent = await agents().get(identity.tenant, settings.agent)
    return {
      definition: definitionOf(agent, offers(identity), Math.min(agent.timeout, timeout)).definition,
      subject: agent.id,
    }
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) throw refused(`there is no agent "${settings.agent}"`)
    throw error
  }
}

function modelAlone(model: string, timeout: number): AgentDefinition {
  return {
    name: model,
    system: '',
    models: [model],
    temperature: null,
    maxTokens: null,
    tools: [],
    output: null,
    maxIterations: 1,
    timeout,
    toolTimeout: timeout,
  }
}

async function giveUp(runs: Pick<Runs, 'cancel'>, run: Run, actor: Actor): Promise<void> {
  try {
    await runs.cancel(run, actor)
  } catch (error) {
    // It ended by itself in the same moment.
    if (!isFault(error, 'RUN_ENDED')) throw error
  }
}

function told(order: string, parts: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parts).filter(([, text]) => text !== undefined)
  return [order, ...given.map(([name, text]) => `${name}:\n${text}`)].join('\n\n')
}

const text = { type: 'string', minLength: 1, maxLength: 200_000 }
const name = { type: 'string', minLength: 1, maxLength: 100 }
const answer = fields({
  run_id: { type: 'string', description: 'Everything it did; see castellan runs.' },
  response: { type: 'string' },
  structured: { description: 'The answer by the schema of the agent, when it has one.' },
  model: { type: 'string' },
  cut: { type: ['string', 'null'], description: 'Why it had to hand back what it had.' },
})
