import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from './database.ts'

/**
 * Joins to each row before it, as `queue`, the first few rows of a table that are its own. SQLite knows no `LATERAL`, and PostgreSQL
 * would make the few anew for each row of the table without.
 */
export function firstOfEach(
  dialect: Dialect,
  {
    table,
    own,
    key,
    rest,
  }: {
    readonly table: string
    /** What a row is joined by, up to its key. */
    readonly own: RawBuilder<unknown>
    /** The column that tells the rows of one apart. */
    readonly key: string
    /** Which rows are its own, in what order, and how many: `WHERE … ORDER BY … LIMIT …`. */
    readonly rest: RawBuilder<unknown>
  },
): RawBuilder<unknown> {
  const [from, column] = [sql.table(table), sql.ref(key)]
  return dialect === 'postgres'
    ? sql`CROSS JOIN LATERAL (SELECT * FROM ${from} ${rest}) AS queue`
    : sql`JOIN ${from} AS queue ON ${own}queue.${column} IN (SELECT ${column} FROM ${from} ${rest})`
}
