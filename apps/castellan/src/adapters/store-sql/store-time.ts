import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from './database.ts'

/** Milliseconds of the epoch by the clock of the store, since those who use it need not agree on the time. */
export function storeTime(dialect: Dialect): {
  readonly now: RawBuilder<number>
  /** A number as a value of a query, of the type that times have. */
  readonly whole: (value: number) => RawBuilder<number>
} {
  return dialect === 'sqlite'
    ? { now: sql`CAST(unixepoch('subsec') * 1000 AS INTEGER)`, whole: value => sql`${value}` }
    : {
        now: sql`CAST(extract(epoch from clock_timestamp()) * 1000 AS bigint)`,
        whole: value => sql`CAST(${value} AS bigint)`,
      }
}
