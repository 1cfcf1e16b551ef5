/** What an error of `node:sqlite` means. Codes: https://sqlite.org/rescode.html */
export type SqliteProblem =
  | { readonly is: 'violation'; readonly constraint: string }
  | { readonly is: 'unavailable' | 'bug'; readonly why: string }

export function problemOf(error: unknown): SqliteProblem {
  const { errcode, message } = error as { readonly errcode?: number; readonly message: string }
  if (errcode === undefined) return { is: 'bug', why: String((error as Error).stack ?? error) }
  if (errcode === CONSTRAINT_PRIMARY_KEY) return { is: 'violation', constraint: 'pkey' }
  if (errcode === CONSTRAINT_FOREIGN_KEY) return { is: 'violation', constraint: 'fkey' }
  if (errcode === CONSTRAINT_NOT_NULL) return { is: 'violation', constraint: `null_${columnsOf(message)}` }
  if (errcode === CONSTRAINT_UNIQUE) return { is: 'violation', constraint: columnsOf(message) }
  if (BEYOND_OUR_POWER.has(errcode & 0xff)) return { is: 'unavailable', why: message }
  return { is: 'bug', why: message }
}

/** `UNIQUE constraint failed: servers.tenant, servers.name` -> `tenant_name`, as PostgreSQL would name it. */
function columnsOf(message: string): string {
  const list = message.slice(message.indexOf(': ') + 2)
  return list
    .split(', ')
    .map(column => column.slice(column.indexOf('.') + 1))
    .join('_')
}

const CONSTRAINT_FOREIGN_KEY = 787
const CONSTRAINT_NOT_NULL = 1299
const CONSTRAINT_PRIMARY_KEY = 1555
const CONSTRAINT_UNIQUE = 2067
// PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
const BEYOND_OUR_POWER = new Set([3, 5, 6, 7, 8, 10, 11, 13, 14, 26])
