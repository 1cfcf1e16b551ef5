import { type Clock, digestJson, fault } from '../../kernel/index.ts'
import type { Dialect } from './database.ts'
import { type Migration, words } from './migrations/migration.ts'
import { migrations as known } from './migrations/index.ts'

export interface MigrationStatus {
  readonly number: number
  readonly name: string
  /** Over the statements, as they run on this database. */
  readonly digest: string
  /** RFC 3339; null when it has not run. */
  readonly appliedAt: string | null
}

/** A connection to be migrated, on which nobody else migrates meanwhile. */
export interface MigrationTarget {
  readonly dialect: Dialect
  query(sql: string, values?: readonly (string | number)[]): Promise<readonly unknown[]>
}

/**
 * Brings the schema up to date: runs what has not run, in order, each in a transaction of its own. Resolves with what is
 * in force. Throws `STORE_INCOMPATIBLE` and changes nothing when the database holds a migration that this version does
 * not know, or knows differently.
 */
export async function migrate(
  target: MigrationTarget,
  clock: Clock,
  migrations: readonly Migration[] = known,
): Promise<readonly MigrationStatus[]> {
  const { text, integer } = words[target.dialect]
  await target.query(
    `CREATE TABLE IF NOT EXISTS migrations (
      number ${integer} PRIMARY KEY, name ${text} NOT NULL, digest ${text} NOT NULL, applied_at ${text} NOT NULL
    )`,
  )
  for (const [index, step] of (await migrationStatus(target, migrations)).entries()) {
    if (step.appliedAt === null) await run(target, migrations[index]!, step, clock)
  }
  return migrationStatus(target, migrations)
}

/** Every known migration and whether it has run. Throws as {@link migrate} does. */
export async function migrationStatus(
  target: MigrationTarget,
  migrations: readonly Migration[] = known,
): Promise<readonly MigrationStatus[]> {
  const rows = (await target.query('SELECT number, name, digest, applied_at FROM migrations ORDER BY number')) as Row[]
  const applied = new Map(rows.map(row => [row.number, row]))
  const status = migrations.map(({ number, name, statements }) => {
    const digest = digestJson(statements(words[target.dialect]))
    const row = applied.get(number)
    if (row && row.digest !== digest) throw incompatible(`migration ${number} (${row.name}) is not the one that ran`)
    return { number, name, digest, appliedAt: row?.applied_at ?? null }
  })
  const newest = rows.at(-1)
  const last = migrations.at(-1)?.number ?? 0
  if (newest && newest.number > last) {
    throw incompatible(`it has migration ${newest.number} (${newest.name}), this version knows ${last}`)
  }
  return status
}

async function run(target: MigrationTarget, migration: Migration, step: MigrationStatus, clock: Clock): Promise<void> {
  const [first, second] = target.dialect === 'sqlite' ? ['?, ?', '?, ?'] : ['$1, $2', '$3, $4']
  await target.query('BEGIN')
  try {
    for (const statement of migration.statements(words[target.dialect])) await target.query(statement)
    await target.query(`INSERT INTO migrations (number, name, digest, applied_at) VALUES (${first}, ${second})`, [
      step.number,
      step.name,
      step.digest,
      clock.now().toISOString(),
    ])
    await target.query('COMMIT')
  } catch (error) {
    await target.query('ROLLBACK')
    throw error
  }
}

function incompatible(why: string) {
  return fault('STORE_INCOMPATIBLE', { why })
}

interface Row {
  readonly number: number
  readonly name: string
  readonly digest: string
  readonly applied_at: string
}
