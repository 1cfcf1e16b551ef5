import { type RawBuilder, sql } from 'kysely'
import { type Compiler, prepare } from './compile.ts'
import type { Dialect, Statement } from './database.ts'
import { listedIn } from './listed-in.ts'
import { lockNames } from './lock-names.ts'
import { storeTime } from './store-time.ts'

export interface ClaimWithin {
  readonly runs: readonly { readonly run: string; readonly tenant: string }[]
  readonly owner: string
  /** Milliseconds. */
  readonly lease: number
  /** Of what all owners have under way, as much may be of one tenant. */
  readonly most: number
}

/**
 * Claims those of some runs that are still due, and no more than leave every tenant within its bound: whoever claims for the same tenant
 * waits meanwhile, and what is under way is counted by the claim itself.
 */
export function claimWithin(db: Compiler, dialect: Dialect): (wish: ClaimWithin) => Statement[] {
  const { now, whole } = storeTime(dialect)
  const lockTenants = lockNames(db, dialect, 48_120_001)
  const lockRows: RawBuilder<unknown> = dialect === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``
  const claim = prepare(({ runs, owner, lease, most }: Omit<ClaimWithin, 'runs'> & { runs: string }) => ({
    compile: () =>
      sql`
        UPDATE run_queue SET owner = ${owner}, fence = fence + 1, due_at = ${now} + ${whole(lease)}
        WHERE run IN (
          SELECT run FROM (
            SELECT run, tenant, row_number() OVER (PARTITION BY tenant ORDER BY priority DESC, due_at, run) AS turn
            FROM (
              SELECT run, tenant, priority, due_at FROM run_queue
              WHERE run IN ${listedIn(dialect, runs)} AND due_at <= ${now} ${lockRows}
            ) AS due
          ) AS turns
          WHERE turn <= ${whole(most)} - (
            SELECT count(*) FROM run_queue AS held
            WHERE held.tenant = turns.tenant AND held.owner IS NOT NULL AND held.due_at > ${now}
          )
        )`.compile(db),
  }))
  return ({ runs, ...wish }) => [
    ...lockTenants([...new Set(runs.map(({ tenant }) => tenant))]),
    claim({ runs: JSON.stringify(runs.map(({ run }) => run)), ...wish }),
  ]
}
