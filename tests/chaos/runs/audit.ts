import type { Run, RunLine } from '../../../packages/contracts/src/index.ts'
import type { Rest } from '../../support/rest.ts'
import { agreed, takenBack, type Task, type Wanted } from './work.ts'

/** What is wrong with a run that has ended, by its lines and by what the tool server did. */
export async function auditRun(
  rest: Rest,
  id: string,
  task: Task,
  effects: ReadonlyMap<string, number>,
  gaveUp: boolean,
): Promise<readonly string[]> {
  const wrong: string[] = []
  const run = await rest.must<Run>('GET', `/api/runs/${id}`)
  const { items } = await rest.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1000`)
  // An agent goes on without what nobody can say; a workflow cannot.
  const wanted = task.fails || (gaveUp && run.kind === 'workflow') ? 'failed' : 'completed'
  // Whoever is stopped may have been through already.
  const stopped = task.stops !== null && run.state === 'cancelled'
  if (run.state !== wanted && !stopped) wrong.push(`the run ${id} is ${run.state} and not ${wanted}: ${run.error}`)
  if (run.kind === 'workflow') {
    const back = effects.get(takenBack(task)) ?? 0
    const made = (effects.get(`${task.name}-made`) ?? 0) > 0
    if (run.state === 'failed' ? made && back === 0 : back > 0)
      wrong.push(`the run ${id} is ${run.state} and took back ${back} times`)
  }
  if (run.kind === 'team' && run.state === 'completed') wrong.push(...boardWrong(id, items))
  wrong.push(...linesWrong(run, items))
  for (const { tool, id: what } of task.wanted) {
    const times = effects.get(what) ?? 0
    if (['act', 'pay'].includes(tool) && times > 1) wrong.push(`the unsafe effect ${what} happened ${times} times`)
    const told = items.find(line => line.type === 'tool.requested' && (line.payload as Wanted).id === what)
    const end = items.find(line => line.type === 'tool.ended' && line.data['step'] === told?.data['step'])
    if (end?.data['outcome'] === 'ok' && times === 0) wrong.push(`${what} is said to have happened, and has not`)
    if (!gaveUp && !stopped && times === 0)
      wrong.push(`${what} never happened: ${JSON.stringify([end?.data, end?.payload])}`)
  }
  return wrong
}

/** What is wrong with what a team came to. */
function boardWrong(id: string, lines: readonly RunLine[]): string[] {
  const { response, board } = lines.at(-1)!.payload as {
    readonly response: string
    readonly board: readonly { readonly step: string; readonly content: unknown }[]
  }
  const wrong: string[] = []
  if (response !== agreed.response) wrong.push(`the team ${id} came to: ${response}`)
  const steps = new Set(board.map(({ step }) => step))
  if (board.length !== agreed.entries || steps.size !== agreed.entries)
    wrong.push(`the board of ${id} has ${board.length} entries for ${steps.size} steps`)
  return wrong
}

/** What is wrong with the lines of a run that has ended. */
export function linesWrong({ id, state }: Run, lines: readonly RunLine[]): string[] {
  const wrong: string[] = []
  const open = new Set<string>()
  for (const [index, { number, type, data }] of lines.entries()) {
    if (number !== index) wrong.push(`the run ${id} has a gap before line ${number}`)
    const step = String(data['step'])
    if (type.endsWith('.requested')) {
      if (open.has(step)) wrong.push(`the run ${id} asked for ${step} twice`)
      open.add(step)
    }
    if (type.endsWith('.ended') && !open.has(step))
      wrong.push(`the run ${id} saw the end of ${step} before its beginning`)
  }
  if (lines.filter(({ type }) => type === `run.${state}`).length !== 1) wrong.push(`the run ${id} did not end once`)
  return wrong
}
