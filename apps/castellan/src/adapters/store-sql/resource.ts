import type { FaultDetails } from '../../kernel/index.ts'
import type { Query, Refusal, Statement } from './database.ts'

/** The statement that saves version 1 of something new, or the next version of something stored. */
export function saveVersion<Row extends { readonly version: number }>(
  what: string,
  row: Row,
  insert: (row: Row) => Query,
  update: (row: Row & { readonly before: number }) => Query,
  unique: Readonly<Record<string, Refusal>> = {},
): Statement {
  const conflict = refusal('VERSION_CONFLICT', { what })
  const query = row.version === 1 ? insert(row) : update({ ...row, before: row.version - 1 })
  return { ...query, one: conflict, violations: { pkey: conflict, ...unique } }
}

/** What a name that is not unique means, by the columns that must be. */
export function nameTaken(what: string, name: string): Readonly<Record<string, Refusal>> {
  return { tenant_name: refusal('NAME_TAKEN', { what, name }) }
}

export function refusal(code: Refusal['code'], details: FaultDetails): Refusal {
  return { code, details }
}

/** Reads a resource kept whole as JSON. */
export function parseBody<T>({ body }: { readonly body: string }): T {
  return JSON.parse(body) as T
}
