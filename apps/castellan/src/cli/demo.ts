import { AssertionError } from 'node:assert'
import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { printable } from './output.ts'

export function demoCommand(program: Command, line: CommandLine): void {
  program
    .command('demo')
    .description('Show the gate at work on real MCP servers, with a control plane of its own')
    .action(async () => {
      // The demo brings an MCP client along, which no other command needs.
      const { runDemo } = await import('./demo/index.ts')
      try {
        await runDemo(line.world, line.speak())
      } catch (error) {
        if (!(error instanceof AssertionError)) throw error
        line.world.err(`castellan: The demo did not show what it promises: ${printable(error.message)}\n`)
        line.endWith(exitCodes.failed)
      }
    })
}
