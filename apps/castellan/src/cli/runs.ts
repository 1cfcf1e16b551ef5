import { run as wireRun, type Run, type RunLine, settleStep, type SettleStep } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { jsonOption } from './json-option.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function runsCommand(program: Command, line: CommandLine): void {
  const runs = program.command('runs').description('Runs of agents and workflows, and how they stand')
  runs
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List runs, the newest first')
    .addOption(new Option('--state <state>', 'Only those that stand so').choices(wireRun.shape.state.options))
    .action(async ({ state }: { state?: Run['state'] }) => {
      const { runs: api } = line.controlPlane()
      const wanted = state === undefined ? {} : { state }
      const all = await line.during(
        'asking for the runs',
        everything(page => api.list({ ...page, ...wanted })),
      )
      line.speak().result(all, list =>
        table(
          ['id', 'kind', 'name', 'state', 'queued', 'ended', 'error'],
          list.map(each => [
            each.id,
            each.kind,
            each.name,
            each.state,
            each.queued_at,
            each.ended_at ?? '',
            printable(each.error ?? ''),
          ]),
        ),
      )
    })
  runs
    .command('show <run>')
    .description('Show one, and what it ended with')
    .action(async (id: string) => {
      const run = await line.during('asking for it', line.controlPlane().runs.get(id))
      line.speak().result(run, inWords)
      for (const step of run.in_doubt ?? [])
        line.speak().note(`Nobody knows what became of the step ${step}: castellan runs settle ${id} ${step} --as …`)
      for (const { step, for: what, name, question } of run.waits ?? []) {
        if (what === 'answer')
          line
            .speak()
            .note(
              `It asks, at the step ${step}: ${printable(question ?? '')} castellan runs answer ${id} ${step} --yes`,
            )
        if (what === 'signal') line.speak().note(`It waits for a signal: castellan runs signal ${id} ${name}`)
      }
    })
  runs
    .command('lines <run>')
    .description('Show everything a run did')
    .action(async (id: string) => {
      const lines = await line.during('asking for its lines', allLines(line, id))
      line.speak().result(lines, list =>
        table(
          ['number', 'at', 'what', 'step', ''],
          list.map(each => [String(each.number), each.at, each.type, text(each.data['step']), detail(each)]),
        ),
      )
    })
  for (const [what, description] of [
    ['cancel', 'Stop a run: what is under way is broken off'],
    ['pause', 'Begin nothing more until it is resumed'],
    ['resume', 'Go on with a run that was paused'],
  ] as const) {
    runs
      .command(`${what} <run>`)
      .description(description)
      .action(async (id: string) => {
        const run = await line.during('saying so', line.controlPlane().runs[what](id))
        line.speak().result(run, ({ name, state }) => `${name} is told; it was ${state}.`)
      })
  }
  runs
    .command('fork <run>')
    .description('Begin a run as another did, up to a line of it; what that did is not done again')
    .requiredOption('--at <number>', 'Number of the last line that is kept')
    .option('--message <text>', 'What the agent or team is told instead')
    .option('--input <json>', 'What the workflow is told instead')
    .action(async (id: string, { at, message, input }: { at: string; message?: string; input?: string }) => {
      const wish = {
        at: wholeNumber('--at', at)!,
        ...(message === undefined ? {} : { user_message: message }),
        ...(input === undefined ? {} : { input: jsonOption('--input', input) }),
      }
      const run = await line.during('saying so', line.controlPlane().runs.fork(id, wish))
      line.speak().result(run, forked => `It goes on as the run ${forked.id}.`)
    })
  runs
    .command('answer <run> <step>')
    .description('Answer a question that a run asks')
    .option('--yes', 'Agree')
    .option('--no', 'Refuse; one refusal is enough')
    .option('--reason <text>', 'Why')
    .action(async (id: string, step: string, { yes, no, reason }: { yes?: true; no?: true; reason?: string }) => {
      if (yes === no) throw fault('REQUEST_INVALID', { why: 'say --yes or --no' })
      const answer = { agrees: yes === true, ...(reason === undefined ? {} : { reason }) }
      const run = await line.during('saying so', line.controlPlane().runs.answer(id, step, answer))
      line.speak().result(run, ({ name }) => `${name} is told.`)
    })
  runs
    .command('signal <run> <name>')
    .description('Tell a run something by a name, for the step that waits for it or the next that will')
    .option('--payload <json>', 'What it is told')
    .action(async (id: string, name: string, { payload }: { payload?: string }) => {
      const told = payload === undefined ? null : jsonOption('--payload', payload)
      const run = await line.during('saying so', line.controlPlane().runs.signal(id, name, told))
      line.speak().result(run, ({ name: told }) => `${told} is told.`)
    })
  runs
    .command('settle <run> <step>')
    .description('Say what became of a call whose end nobody saw')
    .addOption(
      new Option('--as <end>', 'It happened; it did not, and is made again; nobody can say; or the run is given up')
        .choices(settleStep.shape.as.options)
        .makeOptionMandatory(),
    )
    .action(async (id: string, step: string, { as }: Pick<SettleStep, 'as'>) => {
      const run = await line.during('saying so', line.controlPlane().runs.settle(id, step, { as }))
      line.speak().result(run, ({ name }) => `${name} is told.`)
    })
}

async function allLines(line: CommandLine, id: string): Promise<readonly RunLine[]> {
  const { runs } = line.controlPlane()
  const lines: RunLine[] = []
  for (let after = -1; ;) {
    const { items, next } = await runs.lines(id, { after, limit: 1_000 })
    lines.push(...items)
    if (next === null) return lines
    after = next
  }
}

function inWords(run: Run): string {
  return properties([
    ['name', run.name],
    ['kind', run.kind],
    ['state', run.state],
    ['queued', run.queued_at],
    ['started', run.started_at ?? 'not yet'],
    ['ended', run.ended_at ?? 'not yet'],
    ['error', printable(run.error ?? 'none')],
    ['output', run.output === undefined ? 'none' : printable(JSON.stringify(run.output))],
  ])
}

/** What is most telling about a line, on one line. */
function detail({ data }: RunLine): string {
  const { tool, model, outcome, why, answered_by: by } = data
  return [tool ?? model ?? by, outcome, why]
    .filter(each => each !== undefined)
    .map(text)
    .map(printable)
    .join(' · ')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
