import type { Command } from 'commander'
import type { SecretRotation } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'

export function secretsCommand(program: Command, line: CommandLine): void {
  program
    .command('secrets')
    .description('Secrets that are kept')
    .command('rotate')
    .description(
      'Let a new master key take over; all secrets stay readable; exits with 1 when any cannot be taken over',
    )
    .action(async () => {
      const rotation = await line.during('taking the secrets over', line.controlPlane().secrets.rotate())
      line.speak().result(rotation, inWords)
      if (rotation.unreadable.length > 0) line.endWith(exitCodes.failed)
    })
}

function inWords({ key, rewrapped, unreadable }: SecretRotation): string {
  return [
    `The master key is ${key} now; ${rewrapped} secrets were taken over.`,
    'Back up the file master.key; the one before is removed at the next start, when nothing hangs on it.',
    ...unreadable.map(({ tenant, name }) => `Not readable, and left as it was: ${name} of the tenant ${tenant}.`),
  ].join('\n')
}
