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
    try {
      if (config.role === 'worker') sayThatItWorks(line, running.url)
      else sayWhereItAnswers(line, running.url, join(config.data, 'admin.key'))
      if (!ending.aborted) await once(ending, 'abort')
    } finally {
      await running.stop()
    }
  })
}

function sayThatItWorks(line: CommandLine, url: string): void {
  line
    .speak()
    .result({ url, health: `${url}/health` }, facts => `Castellan works; its signs of life are on ${facts.url}/health`)
}

function sayWhereItAnswers(line: CommandLine, url: string, keyFile: string): void {
  const facts = { url, mcp: `${url}/mcp`, docs: `${url}/docs`, key_file: keyFile }
  line
    .speak()
    .result(facts, ({ mcp, docs, key_file }) =>
      [
        `Castellan answers on ${url}`,
        `  MCP clients:  ${mcp}`,
        `  REST:         ${docs}`,
        `  first key:    ${key_file}`,
      ].join('\n'),
    )
}
