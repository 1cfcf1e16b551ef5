import { once } from 'node:events'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { gathered } from './gathered.ts'
import { configFor, withSettings } from './static-config.ts'

export function upCommand(program: Command, line: CommandLine): void {
  withSettings(
    program.command('up').description('Start the control plane and keep it running until SIGTERM or Ctrl-C'),
  ).action(async (options: Record<string, unknown>) => {
    const { world } = line
    const { config } = configFor(options, world.variables)
    const ending = world.interruption()
    const running = await world.start(config, { variables: world.variables, write: gathered(world.err) })
    const facts = {
      url: running.url,
      mcp: `${running.url}/mcp`,
      docs: `${running.url}/docs`,
      key_file: join(config.data, 'admin.key'),
    }
    try {
      line
        .speak()
        .result(facts, ({ url, mcp, docs, key_file }) =>
          [
            `Castellan answers on ${url}`,
            `  MCP clients:  ${mcp}`,
            `  REST:         ${docs}`,
            `  first key:    ${key_file}`,
          ].join('\n'),
        )
      if (!ending.aborted) await once(ending, 'abort')
    } finally {
      await running.stop()
    }
  })
}
