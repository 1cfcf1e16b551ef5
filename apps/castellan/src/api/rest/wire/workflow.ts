import type * as wire from '@castellan/contracts'
import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import {
  hasEnded,
  type OpenWait,
  type Run,
  type Runs,
  type StoredWorkflow,
  type Told,
  type WorkflowSource,
} from '../../../runs/index.ts'
import { wireRun } from './agent.ts'
import { errorOf, secondsOf } from './execution.ts'

/** A document from the wire, which is one of the two. */
export function workflowSource(given: {
  readonly source?: string | undefined
  readonly definition?: Readonly<Record<string, unknown>> | undefined
}): WorkflowSource {
  return given.source === undefined ? { document: given.definition as JsonObject } : { text: given.source }
}

export function wireWorkflow({ id, name, source, document, workflow, digest, version }: StoredWorkflow): wire.Workflow {
  return { id, name, description: workflow.description, source, definition: document, digest, version }
}

/** A run with how it stands now, and what it waits for; `callbackOf` says where its steps are called. */
export function wireRunAsItStands(
  run: Run,
  lines: readonly Told[],
  { report, waits }: ReturnType<Runs['look']>,
  callbackOf: (step: string) => string,
): wire.Run {
  const { nodes, board } = (isJsonObject(report) ? report : {}) as Pick<wire.Run, 'nodes' | 'board'>
  return {
    ...wireRun(run, lines),
    ...(nodes === undefined ? {} : { nodes }),
    ...(board === undefined ? {} : { board }),
    ...(waits.length === 0 ? {} : { waits: waits.map(each => wireWait(each, callbackOf)) }),
  }
}

/** What a workflow came to, for whoever waited for it. */
export function wireWorkflowExecution(
  run: Run,
  lines: readonly Told[],
  { report }: ReturnType<Runs['look']>,
): wire.WorkflowExecution {
  const ended = hasEnded(run)
  const payload = ended ? lines.at(-1)?.payload : report
  const { nodes = {}, output = null } = isJsonObject(payload) ? payload : {}
  return {
    success: run.state === 'completed',
    run_id: run.id,
    state: run.state,
    output,
    nodes: nodes as wire.WorkflowExecution['nodes'],
    error: errorOf(run),
    execution_time_seconds: secondsOf(run, lines),
  }
}

function wireWait({ step, for: what, until, said }: OpenWait, callbackOf: (step: string) => string) {
  const times = { step, until: until === null ? null : new Date(until).toISOString() }
  switch (what.is) {
    case 'time':
      return { ...times, for: 'time' as const }
    case 'signal':
      return { ...times, for: 'signal' as const, name: what.name }
    case 'call':
      return { ...times, for: 'call' as const, url: callbackOf(step) }
    case 'answer': {
      const { question, terms } = what
      const answers = said.map(({ by, agrees, reason }) => ({ by, agrees, reason }))
      const { roles, quorum, fourEyes: four_eyes } = terms
      return { ...times, for: 'answer' as const, question, roles: [...roles], quorum, four_eyes, answers }
    }
    default:
      throw what satisfies never
  }
}
