import type { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'
import { type SqlValue, unavailable } from '../database.ts'
import { compile, compilerFor } from '../compile.ts'
import { storeTime } from '../store-time.ts'
import { RowDigest } from './row-digest.ts'
import { type MovedTable, quoted } from './tables-of.ts'

export interface MovedRows {
  readonly table: string
  readonly rows: number
  /** SHA-256 over all rows in the order of their key, read back from where they went. 64 hex digits. */
  readonly digest: string
}

/**
 * Copies a table within a transaction of the client, and reads back what arrived. Holds no more than one batch in memory.
 * Throws `STORE_UNAVAILABLE` when it is not what was there.
 */
export async function copyTable(source: DatabaseSync, client: Client, table: MovedTable): Promise<MovedRows> {
  const written = new RowDigest()
  const sizes: number[] = []
  for (const rows of batchesOf(source, table, written)) {
    sizes.push(rows.length)
    await insert(client, table, rows)
  }
  const digest = written.hex()
  const read = await readBack(client, table, sizes)
  if (read !== digest) throw unavailable(`what arrived of ${table.name} is not what was there, so nothing was moved`)
  return { table: table.name, rows: sizes.reduce((sum, size) => sum + size, 0), digest }
}

/** What a process held becomes what it would be after a crash: anybody's, at once. The sessions of PostgreSQL know nothing of that process. */
export async function freeWhatIsHeld(client: Client, tables: readonly MovedTable[]): Promise<void> {
  const { now } = storeTime('postgres')
  for (const { name, columns } of tables) {
    const has = (column: string) => columns.some(each => each.name === column)
    if (!has('owner') || !has('due_at')) continue
    const db = compilerFor('postgres')
    const held = db
      .updateTable(name as 'run_queue')
      .set({ owner: null, due_at: now })
      .where('owner', 'is not', null)
    const { sql, values } = compile(held)
    await client.query(sql, values as unknown[])
  }
}

type Row = readonly SqlValue[]

function* batchesOf(source: DatabaseSync, table: MovedTable, digest: RowDigest): Generator<readonly Row[]> {
  const names = table.columns.map(({ name }) => name)
  const select = source.prepare(`SELECT ${quoted(names)} FROM "${table.name}" ORDER BY ${quoted(table.key)}`)
  select.setReturnArrays(true)
  let batch: Row[] = []
  let size = 0
  for (const each of select.iterate()) {
    const row = each as unknown as Row
    digest.add(row)
    batch.push(row)
    size += sizeOf(row)
    if (batch.length < MOST_ROWS && size < LARGEST) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

/** Each column as one list: a statement has the same text however many rows it brings. */
async function insert(client: Client, { name, columns }: MovedTable, rows: readonly Row[]): Promise<void> {
  const names = quoted(columns.map(column => column.name))
  const lists = columns.map(({ type }, place) => `$${place + 1}::${type}[]`).join(', ')
  await client.query({
    name: `move_${name}`,
    text: `INSERT INTO "${name}" (${names}) SELECT * FROM unnest(${lists})`,
    values: columns.map((_, place) => rows.map(row => row[place])),
  })
}

/** In the order and the portions in which they were written: both databases compare text by its bytes. */
async function readBack(client: Client, { name, columns, key }: MovedTable, sizes: readonly number[]): Promise<string> {
  const digest = new RowDigest()
  const names = quoted(columns.map(column => column.name))
  await client.query(`DECLARE back NO SCROLL CURSOR FOR SELECT ${names} FROM "${name}" ORDER BY ${quoted(key)}`)
  // Once more than there were portions, for what should not be there.
  for (const size of [...sizes, 1]) {
    const { rows } = await client.query({ text: `FETCH ${size} FROM back`, rowMode: 'array' })
    for (const row of rows as unknown as Row[]) digest.add(row)
  }
  await client.query('CLOSE back')
  return digest.hex()
}

/** Roughly, in bytes. */
function sizeOf(row: Row): number {
  let size = 0
  for (const value of row) size += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
  return size
}

const MOST_ROWS = 500
/** Roughly the bytes of a batch. */
const LARGEST = 1024 * 1024
