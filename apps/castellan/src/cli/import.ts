import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { ServerCreate } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { everything } from './everything.ts'
import { exitCodes } from './exit-codes.ts'
import { type FoundServer, readClientConfig } from './import/client-config.ts'
import { sandboxPresets } from '../registry/index.ts'
import { printable, table } from './output.ts'
import { problemOf } from './problem.ts'

interface ImportOptions {
  readonly trust?: boolean
  readonly sandbox?: string
  readonly allowUnhealthy?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** What is to become, or became, of one server of the file. */
interface Line {
  readonly from: string
  readonly name: string | null
  readonly action: 'add' | 'added' | 'skip' | 'failed'
  /** What it is, or why it is left out or failed; never values of secrets. */
  readonly about: string
}

export function importCommand(program: Command, line: CommandLine): void {
  program
    .command('import <file>')
    .description('Add the servers in the configuration of Claude Desktop, Cursor, VS Code or any mcpServers file')
    .option('--dry-run', 'Only show what would be added')
    .option('-y, --yes', 'Add without asking')
    .option('--trust', 'Believe what the servers say about their tools')
    .addOption(new Option('--sandbox <preset>', 'Confine the processes of all of them').choices(sandboxPresets))
    .option('--allow-unhealthy', 'Add servers that do not answer a probe, too')
    .action(async (file: string, options: ImportOptions) => {
      const plane = line.controlPlane()
      const found = readClientConfig(file, await readFile(file, 'utf8'), line.world.variables)
      const taken = new Set((await everything(page => plane.servers.list(page))).map(({ name }) => name))
      const fresh = found.servers.filter(({ name }) => !taken.has(name))
      const skipped = [
        ...found.servers
          .filter(({ name }) => taken.has(name))
          .map(each => skip(each.from, 'a server of this name is there already', each.name)),
        ...found.skipped.map(({ from, why }) => skip(from, why)),
      ]
      const plan = [...fresh.map(planned), ...skipped]
      if (options.dryRun === true || fresh.length === 0) return line.speak().result(plan, shown)
      const question = `Add ${fresh.length} server${fresh.length === 1 ? '' : 's'}?`
      if (options.yes !== true && !(await line.confirmed(shown(plan), question))) {
        line.speak().result(plan, () => 'Nothing was added.')
        return line.endWith(exitCodes.failed)
      }
      const results: Line[] = []
      for (const each of fresh) results.push(await add(each, options, plane, line))
      line.speak().result([...results, ...skipped], shown)
      if (results.some(({ action }) => action === 'failed')) line.endWith(exitCodes.failed)
    })
}

async function add(
  { from, name, server }: FoundServer,
  options: ImportOptions,
  plane: ControlPlane,
  line: CommandLine,
): Promise<Line> {
  const wish = {
    ...server,
    ...(options.trust === true ? { trusted: true } : {}),
    ...(options.sandbox !== undefined && server.transport === 'stdio' ? { sandbox: options.sandbox } : {}),
    ...(options.allowUnhealthy === true ? { allow_unhealthy: true } : {}),
  } as unknown as ServerCreate
  try {
    const added = await line.during(`probing ${name}`, plane.servers.create(wish))
    return { from, name, action: 'added', about: `it is ${added.health.status}` }
  } catch (error) {
    const { code, exitCode, detail } = problemOf(error)
    // One bad server keeps none of the others out; a control plane that is gone or refuses does.
    if (code === 'BUG' || exitCode === exitCodes.denied || exitCode === exitCodes.interrupted) throw error
    return { from, name, action: 'failed', about: detail }
  }
}

function planned({ from, name, server }: FoundServer): Line {
  const { transport, command, args, endpoints, env, headers } = server
  const where = [command, ...(Array.isArray(args) ? args : []), ...(Array.isArray(endpoints) ? endpoints : [])]
  const secrets = Object.keys({ ...(env as object | undefined), ...(headers as object | undefined) })
  const kept = secrets.length === 0 ? '' : `, with ${secrets.join(', ')} sealed`
  return { from, name, action: 'add', about: `${transport as string}: ${where.filter(Boolean).join(' ')}${kept}` }
}

function skip(from: string, why: string, name: string | null = null): Line {
  return { from, name, action: 'skip', about: why }
}

function shown(lines: readonly Line[]): string {
  return lines.length === 0
    ? 'There is nothing to add.'
    : table(
        ['', 'name', 'there', 'what'],
        lines.map(({ action, name, from, about }) => [action, name, from, printable(about)]),
      )
}
