import type { DatabaseSync } from 'node:sqlite'

/** A table as it is in both databases. */
export interface MovedTable {
  readonly name: string
  readonly columns: readonly Column[]
  /** Columns of its key: every row has a place by them, and the same one in both databases. */
  readonly key: readonly string[]
}

export interface Column {
  readonly name: string
  readonly type: 'text' | 'bigint' | 'bytea'
}

/**
 * Every table there is, those first that others refer to. Read from the schema itself and listed nowhere, so that none that is added
 * can be forgotten.
 */
export function tablesOf(db: DatabaseSync): readonly MovedTable[] {
  const names = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    .all() as { name: string }[]
  const tables = new Map<string, MovedTable & { readonly needs: readonly string[] }>()
  for (const { name } of names) {
    if (LEFT_BEHIND.has(name)) continue
    const columns = db.prepare(`PRAGMA table_info(${name})`).all() as unknown as ColumnInfo[]
    const needs = (db.prepare(`PRAGMA foreign_key_list(${name})`).all() as { table: string }[]).map(each => each.table)
    const key = columns.filter(({ pk }) => pk > 0).toSorted((one, other) => one.pk - other.pk)
    if (key.length === 0) throw new Error(`the table ${name} has no key, so its rows cannot be compared`)
    tables.set(name, {
      name,
      columns: columns.map(column => ({ name: column.name, type: typeOf(column) })),
      key: key.map(column => column.name),
      needs,
    })
  }
  const ordered = new Set<MovedTable>()
  const add = (name: string) => {
    const table = tables.get(name)
    if (table === undefined || ordered.has(table)) return
    for (const needed of table.needs) if (needed !== name) add(needed)
    ordered.add(table)
  }
  for (const name of tables.keys()) add(name)
  return [...ordered]
}

/** As a list of quoted names, since some are words of SQL. */
export function quoted(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}

/**
 * What each database has of its own: the steps its schema went through, and the processes that are there. Nobody is when a store moves, so
 * that what they held becomes what it would be after a crash.
 */
const LEFT_BEHIND = new Set(['migrations', 'nodes'])

interface ColumnInfo {
  readonly name: string
  readonly type: string
  /** Place in the key, from 1; 0 for none. */
  readonly pk: number
}

function typeOf({ name, type }: ColumnInfo): Column['type'] {
  if (type === 'TEXT') return 'text'
  if (type === 'INTEGER') return 'bigint'
  if (type === 'BLOB') return 'bytea'
  throw new Error(`nothing is known of the type ${type} of the column ${name}`)
}
