/** What an error of `pg` means. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export type PostgresProblem =
  | { readonly is: 'violation'; readonly constraint: string }
  /** A statement that was to change exactly one row has not. */
  | { readonly is: 'unmet' }
  /** Lost a race with another transaction, which was undone: may be tried again at once. */
  | { readonly is: 'race' }
  /** `broken`: the connection is of no more use. */
  | { readonly is: 'unavailable'; readonly why: string; readonly broken: boolean }
  /** A text that PostgreSQL cannot hold. */
  | { readonly is: 'invalid'; readonly why: string }
  | { readonly is: 'bug' }

export function problemOf(error: unknown): PostgresProblem {
  const { code, message, constraint, table, column } = error as Partial<PostgresError>
  const why = message || String(code ?? error)
  // A mistake in our own code has a class of its own; errors of sockets and time limits have none, and no SQLSTATE.
  if (code === undefined && (error as Error).constructor !== Error) return { is: 'bug' }
  if (code === undefined || !SQLSTATE.test(code)) return { is: 'unavailable', why, broken: true }
  if (code === BAD_CHARACTER) return { is: 'invalid', why: 'a text has a character that cannot be stored, such as NUL' }
  if ((code === UNIQUE || code === FOREIGN_KEY) && constraint !== undefined && table !== undefined) {
    return { is: 'violation', constraint: meaningOf(constraint, table) }
  }
  if (code === NOT_NULL && column !== undefined) return { is: 'violation', constraint: `null_${column}` }
  if (code === NOT_ONE) return { is: 'unmet' }
  if (code === SERIALIZATION || code === DEADLOCK) return { is: 'race' }
  if (BEYOND_OUR_POWER.test(code)) return { is: 'unavailable', why, broken: /^(08|57P)/.test(code) }
  return { is: 'bug' }
}

/** `servers_tenant_name_key` -> `tenant_name`, `servers_pkey` -> `pkey`, `catalogs_server_fkey` -> `fkey`. */
function meaningOf(constraint: string, table: string): string {
  const rest = constraint.slice(table.length + 1)
  return rest.endsWith('fkey') ? 'fkey' : rest.replace(/_key$/, '')
}

interface PostgresError {
  readonly code: string
  readonly message: string
  readonly constraint: string
  readonly table: string
  readonly column: string
}

const SQLSTATE = /^[0-9A-Z]{5}$/
const BAD_CHARACTER = '22021'
const UNIQUE = '23505'
const NOT_NULL = '23502'
const FOREIGN_KEY = '23503'
// Division by zero: nothing else here divides.
const NOT_ONE = '22012'
const SERIALIZATION = '40001'
const DEADLOCK = '40P01'
// Connections, read-only, login, resources, operator intervention (shutdown, cancelled), system errors, bad database.
const BEYOND_OUR_POWER = /^(08|25006|25P03|28|3D|53|55P03|57|58|XX)/
