import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { applyCommand } from './apply.ts'
import { callCommand } from './call.ts'
import type { CommandLine } from './command-line.ts'
import { configCommand } from './config.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { importCommand } from './import.ts'
import { journalCommand } from './journal.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { policyCommand } from './policy.ts'
import { serversCommand } from './servers.ts'
import { toolsCommand } from './tools.ts'
import { upCommand } from './up.ts'

/** The commands, in the order in which one meets them. */
const commands = [
  upCommand,
  demoCommand,
  doctorCommand,
  importCommand,
  serversCommand,
  toolsCommand,
  callCommand,
  journalCommand,
  applyCommand,
  keysCommand,
  policyCommand,
  configCommand,
  migrateCommand,
] as const

/** The whole command line, ready to parse. */
export function buildProgram(line: CommandLine): Command {
  const { out } = line.world
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
    .configureOutput({ writeOut: out, writeErr: () => undefined })
    .hook('preAction', (_, command) => line.readOptions(command))
    .addHelpText(
      'after',
      `\nExit codes: 0 ok, 1 not so, 2 not understood, 3 not allowed, 4 missing or in conflict,\n5 not reachable or too late, 6 a call that may have taken effect, 130 interrupted.\nReference: docs/reference/cli.md`,
    )
  for (const add of commands) add(program, line)
  return program
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
