import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { table } from './output.ts'
import { configFor, withSettings } from './static-config.ts'

export function migrateCommand(program: Command, line: CommandLine): void {
  withSettings(
    program.command('migrate').description('Bring the schema of the store up to date ("up" does so by itself)'),
  ).action(async (options: Record<string, unknown>) => {
    const { config } = configFor(options, line.world.variables)
    const steps = await line.during('migrating the store', line.world.migrate(config))
    const store = config.database === null ? 'embedded' : 'postgres'
    const result = {
      store,
      migrations: steps.map(({ number, name, appliedAt }) => ({ number, name, applied_at: appliedAt })),
    }
    line.speak().result(result, ({ migrations }) =>
      [
        table(
          ['migration', 'name', 'applied at'],
          migrations.map(({ number, name, applied_at }) => [number, name, applied_at]),
        ),
        `The ${store} store is up to date.`,
      ].join('\n'),
    )
  })
}
