import type { Command } from 'commander'
import { explain } from '../config/index.ts'
import type { CommandLine } from './command-line.ts'
import { table } from './output.ts'
import { configFor, withSettings } from './static-config.ts'

export function configCommand(program: Command, line: CommandLine): void {
  const config = program.command('config').description('Settings of the process')
  withSettings(config.command('explain').description('Print each setting, its value and where it comes from')).action(
    (options: Record<string, unknown>) => {
      const explained = explain(configFor(options, line.world.variables)).map(({ path, value, source, about }) => ({
        setting: path,
        value,
        source: source.is === 'default' ? 'default' : `${source.is} (${source.name})`,
        about,
      }))
      line.speak().result(explained, rows =>
        table(
          ['setting', 'value', 'source', 'about'],
          rows.map(row => [row.setting, row.value, row.source, row.about]),
        ),
      )
    },
  )
}
