import { type Command, Option } from 'commander'
import type { Catalog, Server } from '@castellan/contracts'
import { ApiProblem } from '@castellan/sdk'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { printable, table } from './output.ts'
import { everything } from './everything.ts'
import { transports } from '../registry/index.ts'
import { authorizeCommand, howToAuthorize } from './servers/authorize.ts'
import { describe, offered, placeOf, warnings } from './servers/describe-server.ts'
import { changedServer, newServer, type ServerOptions, withServerOptions } from './servers/server-options.ts'

export function serversCommand(program: Command, line: CommandLine): void {
  const servers = program.command('servers').description('Upstream servers, whose tools the gate guards')
  listCommand(servers, line)
  showCommand(servers, line)
  addCommand(servers, line)
  setCommand(servers, line)
  removeCommand(servers, line)
  checkCommand(servers, line)
  discoverCommand(servers, line)
  authorizeCommand(servers, line)
}

function listCommand(servers: Command, line: CommandLine): void {
  servers
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the servers and how they are')
    .action(async () => {
      const plane = line.controlPlane()
      const all = await line.during(
        'asking for the servers',
        everything(page => plane.servers.list(page)),
      )
      line.speak().result(all, list =>
        list.length === 0
          ? 'There are no servers yet. Add one with "castellan servers add" or "castellan import".'
          : table(
              ['name', 'transport', 'status', 'trusted', 'where', 'reason'],
              list.map(server => [
                server.name,
                server.transport,
                server.health.status,
                server.trusted ? 'yes' : 'no',
                placeOf(server),
                server.health.reason ?? '',
              ]),
            ),
      )
    })
}

function showCommand(servers: Command, line: CommandLine): void {
  servers
    .command('show <name>')
    .description('Show one server, its health and what was remarked about its tools')
    .action(async (name: string) => {
      const plane = line.controlPlane()
      const [server, catalog] = await line.during(
        `asking for ${name}`,
        Promise.all([plane.servers.get(name), unlessHidden(plane.servers.capabilities(name))]),
      )
      line.speak().result({ ...server, catalog: catalog && summaryOf(catalog) }, () => describe(server, catalog))
    })
}

function addCommand(servers: Command, line: CommandLine): void {
  withServerOptions(
    servers
      .command('add <name> [command...]')
      .description('Add a server after it answered a probe: castellan servers add files -- npx some-server /tmp')
      .addOption(
        new Option('--transport <kind>', 'How it is reached (default: from what else is given)').choices(transports),
      ),
  ).action(async (name: string, command: string[], options: ServerOptions) => {
    const input = newServer(name, command, options, line.world.variables)
    const added = await line.during(
      `probing ${name}`,
      line
        .controlPlane()
        .servers.create({ ...input, ...(options.allowUnhealthy === true ? { allow_unhealthy: true } : {}) }),
    )
    const catalog = await unlessHidden(line.controlPlane().servers.capabilities(added.id))
    line
      .speak()
      .result(added, server =>
        [`Added ${server.name}; ${howItIs(server)}`, ...(catalog ? warnings(catalog) : [])].join('\n'),
      )
  })
}

function setCommand(servers: Command, line: CommandLine): void {
  withServerOptions(
    servers
      .command('set <name> [command...]')
      .alias('update')
      .description('Change what is given of a server and leave the rest; its transport cannot change'),
  ).action(async (name: string, command: string[], options: ServerOptions) => {
    const plane = line.controlPlane()
    const before = await plane.servers.get(name)
    const input = changedServer(before, command, options, line.world.variables)
    const changed = await line.during(
      `probing ${name}`,
      plane.servers.update(before.id, {
        ...input,
        version: before.version,
        ...(options.allowUnhealthy === true ? { allow_unhealthy: true } : {}),
      }),
    )
    line.speak().result(changed, server => `Changed ${server.name}; ${howItIs(server)}`)
  })
}

function removeCommand(servers: Command, line: CommandLine): void {
  servers
    .command('remove <name>')
    .description('Remove a server; calls under way end first')
    .action(async (name: string) => {
      await line.during(`removing ${name}`, line.controlPlane().servers.remove(name))
      line.speak().result({ removed: name }, () => `Removed ${printable(name)}.`)
    })
}

function checkCommand(servers: Command, line: CommandLine): void {
  servers
    .command('check <name>')
    .description('Probe a server now; exit code 1 when it is not well')
    .action(async (name: string) => {
      const health = await line.during(`probing ${name}`, line.controlPlane().servers.check(name))
      line
        .speak()
        .result({ server: name, ...health }, ({ status, latency_ms, reason }) =>
          [
            `${printable(name)} is ${status}`,
            latency_ms === null ? '' : ` and answered in ${Math.round(latency_ms)} ms`,
            reason === null ? '.' : `: ${printable(reason)}`,
          ].join(''),
        )
      if (health.status !== 'active') line.endWith(exitCodes.failed)
    })
}

function discoverCommand(servers: Command, line: CommandLine): void {
  servers
    .command('discover <name>')
    .description('Ask a server anew what it offers')
    .action(async (name: string) => {
      const catalog = await line.during(`asking ${name} what it offers`, line.controlPlane().servers.discover(name))
      line.speak().result(catalog, found => [offered(found), ...warnings(found)].join('\n'))
    })
}

function howItIs({ name, health }: Server): string {
  return health.status === 'needs_authorization' ? howToAuthorize(name) : `it is ${health.status}.`
}

/** A catalogue holds more than its reader may have been granted, so not everybody may read it. */
async function unlessHidden(catalog: Promise<Catalog>): Promise<Catalog | null> {
  return catalog.catch((error: unknown) => {
    if (error instanceof ApiProblem && error.status === 403) return null
    throw error
  })
}

function summaryOf({ capabilities, ...rest }: Catalog) {
  return { ...rest, capabilities: capabilities.map(({ definition: _, ...each }) => each) }
}
