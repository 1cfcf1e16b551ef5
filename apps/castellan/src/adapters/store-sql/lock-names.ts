import { sql } from 'kysely'
import { type Compiler, prepare } from './compile.ts'
import type { Dialect, Statement } from './database.ts'

/** What names are locked for: those of one kind do not meet those of another. Any numbers will do, as long as they differ. */
export type LockKind = 48_120_001 | 48_120_002

/**
 * Begins a batch that goes alone for each of some names: another of the same kind that has one of them waits until this one is
 * committed, and what comes after it in the batch sees what those before it did. Nothing on SQLite, where one batch at a time is written.
 */
export function lockNames(db: Compiler, dialect: Dialect, kind: LockKind): (names: readonly string[]) => Statement[] {
  if (dialect === 'sqlite') return () => []
  // Always in the same order, or two could wait for each other; by the number, which two names may share.
  const lock = prepare(({ names }: { names: string }) => ({
    compile: () =>
      sql`SELECT pg_advisory_xact_lock(${sql.lit(kind)}, number) FROM (
        SELECT DISTINCT hashtext(name) AS number FROM jsonb_array_elements_text(${names}::jsonb) AS name ORDER BY number
      ) AS numbers`.compile(db),
  }))
  return names => [lock({ names: JSON.stringify(names) })]
}
