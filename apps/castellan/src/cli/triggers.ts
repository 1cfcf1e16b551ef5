import type { Trigger, TriggerInput } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import type { CommandLine } from './command-line.ts'
import { everyPortion } from './every-portion.ts'
import { everything } from './everything.ts'
import { jsonOption } from './json-option.ts'
import { only } from './only.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function triggersCommand(program: Command, line: CommandLine): void {
  const triggers = program.command('triggers').description('What starts runs by itself')
  triggers
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the triggers, and how far they have got')
    .action(async () => {
      const all = await line.during('asking for them', everything(line.controlPlane().triggers.list))
      line.speak().result(all, list =>
        table(
          ['name', 'source', 'starts', 'state', 'open', 'started', 'failed', 'trouble'],
          list.map(each => [
            each.name,
            sourceOf(each),
            `${each.starts.kind} ${each.starts.name}`,
            stateOf(each),
            String(each.standing.open),
            String(each.standing.started),
            String(each.standing.failed),
            printable(each.standing.trouble ?? ''),
          ]),
        ),
      )
    })
  triggers
    .command('show <trigger>')
    .description('Show one, by id or name')
    .action(async (id: string) => {
      const shown = await line.during('asking for it', line.controlPlane().triggers.get(id))
      line.speak().result(shown, inWords)
    })
  createCommand(triggers, line)
  triggers
    .command('enable <trigger>')
    .description('Have it start runs, by what happens from now on')
    .action(async (id: string) => {
      const changed = await line.during('saying so', line.controlPlane().triggers.enable(id))
      line.speak().result(changed, ({ name }) => `${name} starts runs from now on.`)
    })
  triggers
    .command('disable <trigger>')
    .description('Have it start nothing; what happens meanwhile is passed over')
    .action(async (id: string) => {
      const changed = await line.during('saying so', line.controlPlane().triggers.disable(id))
      line.speak().result(changed, ({ name }) => `${name} starts nothing.`)
    })
  failureCommands(triggers, line)
  triggers
    .command('remove <trigger>')
    .description('Remove one; its runs go on')
    .action(async (id: string) => {
      await line.during('removing it', line.controlPlane().triggers.remove(id))
      line.speak().result({ removed: id }, () => `Removed ${id}.`)
    })
}

function failureCommands(triggers: Command, line: CommandLine): void {
  triggers
    .command('failures <trigger>')
    .description('List what happened and could not be made a run, the newest first')
    .action(async (id: string) => {
      const all = await line.during(
        'asking for them',
        everything(page => line.controlPlane().triggers.failures(id, page)),
      )
      line.speak().result(all, list =>
        table(
          ['offset', 'happened', 'type', 'stream', 'why'],
          list.map(({ offset, event, why }) => [String(offset), event.time, event.type, event.subject, printable(why)]),
        ),
      )
    })
  triggers
    .command('redrive <trigger> [offset]')
    .description('Make a run of what could not be one before, or of all of it as far as there is room')
    .action(async (id: string, offset: string | undefined) => {
      const { triggers: remote } = line.controlPlane()
      const one = wholeNumber('the offset', offset)
      if (one === undefined) {
        const { count, left } = await line.during('saying so', everyPortion('redriven', page => remote.redriveFailures(id, page))) // prettier-ignore
        const started = `${count} ${count === 1 ? 'run was' : 'runs were'} started`
        line
          .speak()
          .result(
            { redriven: count, left },
            () => `${started}${left === 0 ? '.' : `; ${left} ${left === 1 ? 'is' : 'are'} left.`}`,
          )
      } else {
        const run = await line.during('saying so', remote.redrive(id, one))
        line.speak().result(run, ({ id: started }) => `The run ${started} was started.`)
      }
    })
  triggers
    .command('drop <trigger> [offset]')
    .description('Forget what could not be made a run; what happened stays in the journal')
    .option('--all', 'All of it')
    .action(async (id: string, offset: string | undefined, { all }: { all?: true }) => {
      const { triggers: remote } = line.controlPlane()
      const what = only({ offset, all }, 'say what is dropped: an offset, or --all')
      if (what === 'all') {
        const { count, left } = await line.during('saying so', everyPortion('dropped', page => remote.dropFailures(id, page))) // prettier-ignore
        line.speak().result({ dropped: count, left }, () => `Dropped ${count}.`)
      } else {
        await line.during('saying so', remote.drop(id, wholeNumber('the offset', offset)!))
        line.speak().result({ dropped: offset }, () => `Dropped ${offset}.`)
      }
    })
}

interface CreateOptions {
  readonly agent?: string
  readonly team?: string
  readonly workflow?: string
  readonly topic?: string
  readonly cron?: string
  readonly zone?: string
  readonly catchUp?: 'last' | 'none' | 'all'
  readonly webhook?: true
  readonly secret?: string
  readonly tolerance?: string
  readonly condition?: string
  readonly input?: string
  readonly priority?: string
  readonly mostOpen?: string
}

function createCommand(triggers: Command, line: CommandLine): void {
  triggers
    .command('create <name>')
    .description('Have runs started by entries of the journal, at times, or by calls from outside')
    .option('--agent <name>', 'Start this agent')
    .option('--team <name>', 'Start this team')
    .option('--workflow <name>', 'Start this workflow')
    .option('--topic <pattern>', 'For each entry whose type matches: * is one level, a final > the rest')
    .option('--cron <expression>', 'At these times: five fields, or six with seconds before them')
    .option('--zone <name>', 'By whose clock, such as Europe/Berlin (default: UTC)')
    .addOption(
      new Option(
        '--catch-up <which>',
        'Which times still count that passed while nobody was there (default: last)',
      ).choices(['last', 'none', 'all']),
    )
    .option('--webhook', 'When it is called from outside, signed as Standard Webhooks has it')
    .option('--secret <name>', 'The stored secret that calls are signed with (default: one is made)')
    .option('--tolerance <duration>', 'How far the clock of whoever calls may be off (default: 5m)')
    .option('--condition <expression>', 'Only when this is true of what happened, such as entry.data.door > 5')
    .option('--input <json>', 'What it is given; texts that begin with = are expressions over what happened')
    .option('--priority <number>', 'From -100 to 100; the higher goes first')
    .option('--most-open <number>', 'Runs of it that may be open at once (default: 100)')
    .action(async (name: string, options: CreateOptions) => {
      const made = await line.during('saying so', line.controlPlane().triggers.create(wishFrom(name, options)))
      line
        .speak()
        .result(made, ({ starts, url, made_secret: secret, next_at: next }) =>
          [
            `${name} starts the ${starts.kind} ${starts.name}.`,
            ...(next === null ? [] : [`It is due next at ${next}.`]),
            ...(url === null ? [] : [`It is called at ${url}`]),
            ...(secret === undefined ? [] : [`Its secret is shown only now: ${secret}`]),
          ].join('\n'),
        )
    })
}

function wishFrom(name: string, options: CreateOptions): TriggerInput {
  const { agent, team, workflow, condition, input } = options
  const priority = wholeNumber('--priority', options.priority)
  const mostOpen = wholeNumber('--most-open', options.mostOpen)
  const kind = only({ agent, team, workflow }, 'say what it starts: --agent, --team or --workflow')
  return {
    name,
    source: sourceFrom(options),
    starts: {
      kind,
      name: (agent ?? team ?? workflow)!,
      ...(input === undefined ? {} : { input: jsonOption('--input', input) }),
      ...(priority === undefined ? {} : { priority }),
    },
    ...(condition === undefined ? {} : { condition }),
    ...(mostOpen === undefined ? {} : { most_open: mostOpen }),
  }
}

function sourceFrom({ topic, cron, zone, catchUp, webhook, secret, tolerance }: CreateOptions): TriggerInput['source'] {
  const kind = only({ entry: topic, cron, webhook }, 'say what starts it: --topic, --cron or --webhook')
  switch (kind) {
    case 'entry':
      return { kind, topic: topic! }
    case 'cron':
      return {
        kind,
        expression: cron!,
        ...(zone === undefined ? {} : { zone }),
        ...(catchUp === undefined ? {} : { catch_up: catchUp }),
      }
    case 'webhook':
      return {
        kind,
        ...(secret === undefined ? {} : { secret }),
        ...(tolerance === undefined ? {} : { tolerance }),
      }
    default:
      throw kind satisfies never
  }
}

function sourceOf({ source }: Trigger): string {
  switch (source.kind) {
    case 'entry':
      return `entry ${source.topic}`
    case 'cron':
      return `cron ${source.expression} ${source.zone}`
    case 'webhook':
      return 'webhook'
    default:
      throw source satisfies never
  }
}

function stateOf({ enabled, standing }: Trigger): string {
  if (!enabled) return 'disabled'
  if (standing.stalled) return 'stalled'
  return standing.trouble === null ? 'active' : 'failing'
}

function inWords(trigger: Trigger): string {
  const { standing, starts } = trigger
  return properties([
    ['name', trigger.name],
    ['id', trigger.id],
    ['source', sourceOf(trigger)],
    ['called at', trigger.url ?? 'nowhere'],
    ['next', trigger.next_at ?? 'when it happens'],
    ['condition', printable(trigger.condition ?? 'none')],
    ['starts', `${starts.kind} ${starts.name}`],
    ['input', printable(JSON.stringify(starts.input))],
    ['acts for', trigger.principal],
    ['state', stateOf(trigger)],
    ['open', `${standing.open} of ${trigger.most_open}`],
    ['started', String(standing.started)],
    ['failed', `${standing.failed}, of which ${standing.kept} are kept`],
    ['refused', String(standing.refused)],
    ['trouble', printable(standing.trouble ?? 'none')],
  ])
}
