import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { closest } from '../config/index.ts'
import type { CommandLine } from './command-line.ts'

/** The commands, in the order in which one meets them. Each is loaded when it is meant: a start should not wait for the others. */
const commands: Readonly<Record<string, () => Promise<(program: Command, line: CommandLine) => void>>> = {
  up: async () => (await import('./up.ts')).upCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  import: async () => (await import('./import.ts')).importCommand,
  servers: async () => (await import('./servers.ts')).serversCommand,
  pins: async () => (await import('./pins.ts')).pinsCommand,
  tools: async () => (await import('./tools.ts')).toolsCommand,
  call: async () => (await import('./call.ts')).callCommand,
  agents: async () => (await import('./agents.ts')).agentsCommand,
  teams: async () => (await import('./teams.ts')).teamsCommand,
  workflows: async () => (await import('./workflows.ts')).workflowsCommand,
  runs: async () => (await import('./runs.ts')).runsCommand,
  triggers: async () => (await import('./triggers.ts')).triggersCommand,
  journal: async () => (await import('./journal.ts')).journalCommand,
  subscriptions: async () => (await import('./subscriptions.ts')).subscriptionsCommand,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLettersCommand,
  sessions: async () => (await import('./sessions.ts')).sessionsCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  apply: async () => (await import('./apply.ts')).applyCommand,
  approvals: async () => (await import('./approvals.ts')).approvalsCommand,
  keys: async () => (await import('./keys.ts')).keysCommand,
  policy: async () => (await import('./policy.ts')).policyCommand,
  budgets: async () => (await import('./budgets.ts')).budgetsCommand,
  prices: async () => (await import('./prices.ts')).pricesCommand,
  secrets: async () => (await import('./secrets.ts')).secretsCommand,
  guardrails: async () => (await import('./guardrails.ts')).guardrailsCommand,
  config: async () => (await import('./config.ts')).configCommand,
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
}

/** The command line, ready to parse: with one command when `first` names it, and else with all. */
export async function buildProgram(line: CommandLine, first = ''): Promise<Command> {
  const { out, err } = line.world
  const program = new Command('castellan')
    .description('The control plane for AI agents that act: one gate, one journal.')
    .version(version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help for a command')
    .helpCommand('help [command]', 'Print help for a command')
    .option('--json', 'Print results, and problems, as JSON')
    .option('--url <url>', `Control plane to talk to (CASTELLAN_URL; default: the one on this machine)`)
    .option('--key <key>', 'API key (CASTELLAN_KEY; default on this machine: the file admin.key of the data folder)')
    .option('--tenant <name>', 'Tenant to act in (default: that of the key)')
    .exitOverride()
    // Complaints are thrown as well, and told in one place.
    .configureOutput({ writeOut: out, writeErr: err, outputError: () => undefined })
    .hook('preAction', (_, command) => {
      refuseStrangeWords(command)
      line.readOptions(command)
    })
    .addHelpText(
      'after',
      `\nExit codes: 0 ok, 1 not so, 2 not understood, 3 not allowed, 4 missing or in conflict,\n5 not reachable or too late, 6 a call that may have taken effect, 130 interrupted.\nReference: docs/reference/cli.md`,
    )
  const meant = Object.hasOwn(commands, first) ? [commands[first]!] : Object.values(commands)
  for (const add of await Promise.all(meant.map(load => load()))) add(program, line)
  return program
}

/** "servers lst" would otherwise be understood as "servers list lst", since listing is what one wants without a word. */
function refuseStrangeWords({ args, registeredArguments, parent }: Command): void {
  const strange = args[registeredArguments.length]
  if (strange === undefined || registeredArguments.at(-1)?.variadic === true) return
  const siblings = parent?.commands.flatMap(each => [each.name(), ...each.aliases()]) ?? []
  const meant = closest(strange, siblings)
  const hint = meant === undefined ? '' : `\n(Did you mean ${meant}?)`
  throw new CommanderError(1, 'commander.unknownCommand', `error: unknown command '${strange}'${hint}`)
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
