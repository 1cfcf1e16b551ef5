import { sql } from 'kysely'
import type { Dialect } from './database.ts'
import { storeTime } from './store-time.ts'

/** What becomes of the place of a run in the queue that is told something: it is due, or whoever holds it hears of it. */
export function hearing(dialect: Dialect) {
  const { now } = storeTime(dialect)
  return {
    told: sql<number>`told + 1`,
    due_at: sql<number>`CASE WHEN owner IS NULL THEN ${now} ELSE due_at END`,
  }
}
