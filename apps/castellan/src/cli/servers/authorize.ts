import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Authorization } from '@castellan/contracts'
import type { CommandLine } from '../command-line.ts'
import type { ControlPlane } from '../connection.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../output.ts'
import { offered, warnings } from './describe-server.ts'

/** Milliseconds between two looks at whether the person has answered. */
const PAUSE = 500

export function authorizeCommand(servers: Command, line: CommandLine): void {
  servers
    .command('authorize <name>')
    .description('Let a person authorize a server with OAuth, and wait for it; exit code 1 when it comes to nothing')
    .option('--no-wait', 'Only print the address where the person goes')
    .option('--forget', 'Forget its tokens instead')
    .action(async (name: string, { wait, forget }: { wait: boolean; forget?: boolean }) => {
      const plane = line.controlPlane()
      if (forget === true) {
        await line.during(`forgetting the tokens of ${name}`, plane.servers.unauthorize(name))
        return line.speak().result({ forgotten: name }, () => `Forgot the tokens of ${printable(name)}.`)
      }
      const asked = await line.during(`asking the authorization server of ${name}`, plane.servers.authorize(name))
      if (!wait) return line.speak().result(asked, ({ authorization_url }) => printable(authorization_url))
      line.world.err(`Open this in a browser: ${printable(asked.authorization_url)}\n`)
      const answer = await line.during('waiting for an answer', answered(plane, name, line.world.interruption()))
      if (answer.status !== 'authorized') {
        line.endWith(exitCodes.failed)
        const why = printable(answer.reason ?? 'nobody answered in time')
        return line.speak().result({ server: name, ...answer }, () => `${printable(name)} is not authorized: ${why}`)
      }
      const catalog = await line.during(`asking ${name} what it offers`, plane.servers.discover(name))
      line
        .speak()
        .result({ server: name, ...answer }, ({ issuer }) =>
          [
            `${printable(name)} is authorized by ${printable(issuer ?? 'its authorization server')}.`,
            offered(catalog),
            ...warnings(catalog),
          ].join('\n'),
        )
    })
}

export function howToAuthorize(name: string): string {
  return `it needs to be authorized: castellan servers authorize ${printable(name)}`
}

/** How it stands once nobody is being asked any more. */
async function answered(plane: ControlPlane, name: string, signal: AbortSignal): Promise<Partial<Authorization>> {
  for (;;) {
    const { authorization } = await plane.servers.get(name)
    if (!authorization?.asked_until) return authorization ?? { status: 'unknown' }
    await delay(PAUSE, undefined, { signal })
  }
}
