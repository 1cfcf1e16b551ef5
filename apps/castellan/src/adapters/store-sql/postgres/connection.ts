import { type ClientConfig, type CustomTypesConfig, types } from 'pg'

/** How every connection to the database is made. Time limits in milliseconds. */
export function connectionTo(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'castellan',
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // A peer that vanished without a word must not hold a write, or what it locked, forever.
    query_timeout: 30_000,
    statement_timeout: 25_000,
    idle_in_transaction_session_timeout: 25_000,
    types: asStored,
  }
}

const asStored: CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    // Counts and offsets stay below 2^53.
    if (oid === types.builtins.INT8) return Number
    if (oid === types.builtins.BYTEA) return bytes
    return types.getTypeParser(oid, format) as (text: string) => unknown
  },
}

/** Plain bytes, as SQLite gives them, from the `\x…` form. */
function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}
