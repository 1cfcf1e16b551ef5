import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type Config, isDatabaseUrl, withoutPassword } from '../config/index.ts'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { table } from './output.ts'
import { configFor, withSettings } from './static-config.ts'

export function migrateCommand(program: Command, line: CommandLine): void {
  withSettings(
    program
      .command('migrate')
      .description('Bring the schema of the store up to date ("up" does so by itself), or move it to PostgreSQL')
      .addOption(new Option('--to <url>', 'Move the embedded store to this PostgreSQL database, which must be empty')),
  ).action(async ({ to, ...options }: { readonly to?: string } & Record<string, unknown>) => {
    const { config } = configFor(options, line.world.variables)
    return to === undefined ? bringUpToDate(line, config) : move(line, config, to)
  })
}

async function bringUpToDate(line: CommandLine, config: Config): Promise<void> {
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
}

async function move(line: CommandLine, config: Config, url: string): Promise<void> {
  if (!isDatabaseUrl(url)) {
    throw fault('REQUEST_INVALID', { why: '--to takes a URL such as postgres://user@host:5432/name' })
  }
  if (config.database !== null) {
    throw fault('REQUEST_INVALID', { why: 'only an embedded store is moved, and these settings have a database' })
  }
  const shown = withoutPassword(url)
  const moved = await line.during('moving the store', line.world.move(config, url, shown))
  const key = join(config.data, 'master.key')
  const result = { from: config.data, to: shown, key_file: key, tables: moved }
  line.speak().result(result, ({ tables }) =>
    [
      table(
        ['table', 'rows', 'digest on both sides'],
        tables.filter(({ rows }) => rows > 0).map(({ table: name, rows, digest }) => [name, rows, digest.slice(0, 16)]),
      ),
      `Everything is in ${shown}. Go on with it:`,
      `  castellan up --database ${shown} --data ${config.data}`,
      `Elsewhere than with this folder, bring ${key} along: without it no sealed secret opens.`,
      `The folder is marked, so that nobody starts on what it was by accident.`,
    ].join('\n'),
  )
}
