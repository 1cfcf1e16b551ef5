import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { closest } from '../config/index.ts'
import { agentsCommand } from './agents.ts'
import { applyCommand } from './apply.ts'
import { budgetsCommand } from './budgets.ts'
import { approvalsCommand } from './approvals.ts'
import { callCommand } from './call.ts'
import type { CommandLine } from './command-line.ts'
import { configCommand } from './config.ts'
import { deadLettersCommand } from './dead-letters.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { guardrailsCommand } from './guardrails.ts'
import { importCommand } from './import.ts'
import { journalCommand } from './journal.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { pinsCommand } from './pins.ts'
import { policyCommand } from './policy.ts'
import { pricesCommand } from './prices.ts'
import { runsCommand } from './runs.ts'
import { reportCommand } from './report.ts'
import { secretsCommand } from './secrets.ts'
import { serversCommand } from './servers.ts'
import { sessionsCommand } from './sessions.ts'
import { subscriptionsCommand } from './subscriptions.ts'
import { toolsCommand } from './tools.ts'
import { triggersCommand } from './triggers.ts'
import { upCommand } from './up.ts'
import { teamsCommand } from './teams.ts'
import { workflowsCommand } from './workflows.ts'

/** The commands, in the order in which one meets them. */
const commands = [
  upCommand,
  demoCommand,
  doctorCommand,
  importCommand,
  serversCommand,
  pinsCommand,
  toolsCommand,
  callCommand,
  agentsCommand,
  teamsCommand,
  workflowsCommand,
  runsCommand,
  triggersCommand,
  journalCommand,
  subscriptionsCommand,
  deadLettersCommand,
  sessionsCommand,
  reportCommand,
  applyCommand,
  approvalsCommand,
  keysCommand,
  policyCommand,
  budgetsCommand,
  pricesCommand,
  secretsCommand,
  guardrailsCommand,
  configCommand,
  migrateCommand,
] as const

/** The whole command line, ready to parse. */
export function buildProgram(line: CommandLine): Command {
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
  for (const add of commands) add(program, line)
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
