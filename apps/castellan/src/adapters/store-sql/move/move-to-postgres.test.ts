import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { postgresForTests } from '../../../../../../tests/support/services.ts'
import { systemClock } from '../../../kernel/index.ts'
import { moveToPostgres, openPostgres, openSqlite } from '../index.ts'
import { cuttableProxy } from '../testing/cuttable-proxy.ts'
import { connect, freshPostgres, run } from '../testing/fresh-postgres.ts'
import { anEntry, until, wholeJournal } from '../testing/journal-facts.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { markMoved } from '../sqlite/moved-mark.ts'
import { tablesOf } from './tables-of.ts'

const server = await postgresForTests()
const clock = systemClock

describe('a move to PostgreSQL', { skip: server.skip }, () => {
  test('brings a row of every table there is, and leaves out who was there and the steps of the schema', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    const { tables, rows } = await furnish(folder)
    const moved = await moveToPostgres({ folder, url, shown: 'there', clock })
    assert.deepEqual(moved.map(({ table }) => table).toSorted(), [...rows.keys()].toSorted())
    await using there = await connect(url)
    const names = (await there.client.query(
      "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'",
    )) as { rows: { name: string }[] }
    const left = names.rows.map(({ name }) => name).filter(name => !rows.has(name))
    assert.deepEqual(left.toSorted(), ['migrations', 'nodes'])
    for (const { name, columns } of tables) {
      const list = columns.map(column => `"${column.name}"`).join()
      const found = await there.client.query({ text: `SELECT ${list} FROM "${name}"`, rowMode: 'array' })
      const wanted = rows.get(name)!
      assert.deepEqual((found.rows as unknown[][]).map(row => row.map(plain)), wanted.map(row => row.map(plain)), name) // prettier-ignore
    }
  })

  test('frees what somebody held, and lets what waits wait', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await furnish(folder)
    const far = Date.now() + 3_600_000
    change(folder, `UPDATE run_queue SET owner = 'gone', due_at = ${far}`)
    change(folder, `UPDATE deliveries SET owner = NULL, due_at = ${far}`)
    await moveToPostgres({ folder, url, shown: 'there', clock })
    await using there = await connect(url)
    const of = async (table: string) =>
      (await there.client.query(`SELECT owner, due_at FROM ${table}`)).rows as [Held, Held]
    const [run] = await of('run_queue')
    assert.equal(run.owner, null)
    assert.ok(Number(run.due_at) < far - 3_000_000)
    for (const waiting of await of('deliveries')) assert.deepEqual(waiting, { owner: null, due_at: String(far) })
  })

  test('goes on with the journal where it was: the next entry has the next offset', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    {
      await using stores = await openSqlite({ folder, clock })
      for (let n = 0; n < 50; n++) await stores.journal.append([anEntry(stores.journal, { n, text: `ä${n}\u0000` })])
    }
    await moveToPostgres({ folder, url, shown: 'there', clock })
    await using stores = await openPostgres({ url })
    assert.equal(await stores.journal.head(), 50)
    const [next, after] = [anEntry(stores.journal), anEntry(stores.journal)]
    await stores.journal.append([next])
    await stores.journal.append([after])
    await until(async () => (await stores.journal.head()) === 52, 'they are sequenced')
    const all = await wholeJournal(stores.journal)
    assert.deepEqual(all.slice(50).map(({ id }) => id), [next.id, after.id]) // prettier-ignore
  })

  test('leaves a folder on which nobody starts by accident, until its mark is removed', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await furnish(folder)
    await moveToPostgres({ folder, url, shown: 'postgres://there', clock })
    const mark = join(folder, 'castellan.moved')
    const refused = { code: 'DATA_MOVED', message: new RegExp(`postgres://there.*${mark}`) }
    await assert.rejects(openSqlite({ folder, clock }), refused)
    await assert.rejects(moveToPostgres({ folder, url, shown: 'postgres://there', clock }), refused)
    await assert.rejects(moveToPostgres({ folder, url, shown: 'postgres://elsewhere', clock }), refused)
    rmSync(mark)
    await (await openSqlite({ folder, clock })).close()
  })

  test('is not made while a process uses the folder, or from where there is nothing', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await assert.rejects(moveToPostgres({ folder, url, shown: 'there', clock }), { code: 'NOTHING_TO_MOVE' })
    assert.ok(!existsSync(join(folder, 'castellan.lock')))
    await using _open = await openSqlite({ folder, clock })
    await assert.rejects(moveToPostgres({ folder, url, shown: 'there', clock }), { code: 'DATA_LOCKED' })
  })

  test('is not made to where something is, and says what', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await (await openSqlite({ folder, clock })).close()
    const move = () => moveToPostgres({ folder, url, shown: 'there', clock })
    await run(url, 'CREATE TABLE journal (a int)')
    await assert.rejects(move(), { code: 'TARGET_NOT_EMPTY', message: /a table journal that is not ours/ })
    await run(url, 'DROP TABLE journal')
    {
      await using stores = await openPostgres({ url })
      await stores.journal.append([anEntry(stores.journal)])
      await stores.nodes.join(20_000)
    }
    await assert.rejects(move(), { code: 'TARGET_NOT_EMPTY', message: /1 of journal, 1 of nodes/ })
    assert.ok(!existsSync(join(folder, 'castellan.moved')))
    await run(url, 'DELETE FROM journal; DELETE FROM nodes')
    await move()
  })

  test('that fails in the midst leaves nothing there, and the folder as it was', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    const { tables } = await furnish(folder)
    const last = tables.at(-1)!
    const column = last.columns.find(({ name, type }) => type === 'text' && !last.key.includes(name))!.name
    change(folder, `UPDATE "${last.name}" SET "${column}" = 'a' || char(0)`)
    await assert.rejects(moveToPostgres({ folder, url, shown: 'there', clock }), { code: 'REQUEST_INVALID' })
    await using there = await connect(url)
    for (const { name } of tables) assert.equal((await there.client.query(`SELECT 1 FROM "${name}"`)).rowCount, 0, name)
    assert.ok(!existsSync(join(folder, 'castellan.moved')))
    change(folder, `UPDATE "${last.name}" SET "${column}" = 'x'`)
    await moveToPostgres({ folder, url, shown: 'there', clock })
  })

  test('whose connection breaks leaves nothing there, and is made the next time', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await (await openSqlite({ folder, clock })).close()
    const large = 'x'.repeat(1_000_000)
    change(folder, "INSERT INTO tenants VALUES ('before', 1, '{}')")
    for (let n = 0; n < 40; n++)
      change(folder, `INSERT INTO blobs VALUES ('t', '${n}', x'00', CAST('${large}' AS BLOB))`)
    await using proxy = await cuttableProxy(url)
    const moving = assert.rejects(moveToPostgres({ folder, url: proxy.url, shown: 'there', clock }), { code: 'STORE_UNAVAILABLE' }) // prettier-ignore
    await using there = await connect(url)
    const inTheMidst = async () =>
      (await there.client.query("SELECT 1 FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = to_regclass('blobs')")).rowCount! > 0 // prettier-ignore
    await until(inTheMidst, 'it writes the blobs')
    proxy.cut()
    await moving
    await until(async () => !(await inTheMidst()), 'the server has seen that')
    assert.equal((await there.client.query('SELECT 1 FROM tenants')).rowCount, 0)
    await moveToPostgres({ folder, url, shown: 'there', clock })
    assert.equal((await there.client.query('SELECT 1 FROM blobs')).rowCount, 40)
  })

  test('of which nobody saw the commit is found out by asking again', async () => {
    await using place = await somewhere()
    const { folder, url } = place
    await furnish(folder)
    // As a process leaves it that is killed between the mark and the commit.
    markMoved(folder, { to: 'there', at: clock.now().toISOString() })
    await assert.rejects(openSqlite({ folder, clock }), { code: 'DATA_MOVED' })
    await assert.rejects(moveToPostgres({ folder, url, shown: 'elsewhere', clock }), { code: 'DATA_MOVED' })
    assert.ok((await moveToPostgres({ folder, url, shown: 'there', clock })).length > 0)
    await assert.rejects(moveToPostgres({ folder, url, shown: 'there', clock }), { code: 'DATA_MOVED' })
  })
})

interface Held {
  readonly owner: string | null
  readonly due_at: string | null
}

async function somewhere(): Promise<{ readonly folder: string; readonly url: string } & AsyncDisposable> {
  const folder = temporaryFolder()
  const { url, drop } = await freshPostgres(server.url)
  return {
    folder: folder.path,
    url,
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]()
      await drop()
    },
  }
}

/** Puts two rows into every table of a new store, whatever it has: whoever adds a table need not think of it here. */
async function furnish(folder: string) {
  await (await openSqlite({ folder, clock })).close()
  using db = open(folder)
  const tables = tablesOf(db.base)
  const rows = new Map<string, unknown[][]>()
  for (const { name, columns, key } of tables) {
    const values = [1, 2].map(n =>
      columns.map(column => {
        if (column.type === 'bytea') return new Uint8Array([n, 0, 255])
        if (column.type === 'bigint') return n
        if (column.name === 'owner') return null
        // References are to rows that are here: in each table the keys are alike.
        return !key.includes(column.name) && n === 1 && nullable(db.base, name, column.name) ? null : `é${n}"\\`
      }),
    )
    const insert = db.base.prepare(`INSERT INTO "${name}" VALUES (${columns.map(() => '?').join()})`)
    for (const row of values) insert.run(...row)
    rows.set(name, values)
  }
  db.base.exec("INSERT INTO nodes (id, alive_until) VALUES ('me', 1)")
  return { tables, rows }
}

function nullable(db: DatabaseSync, table: string, column: string): boolean {
  const columns = db.prepare(`PRAGMA table_info(${table})`).all() as { name: string; notnull: number; pk: number }[]
  return columns.some(({ name, notnull, pk }) => name === column && notnull === 0 && pk === 0)
}

function change(folder: string, sql: string): void {
  using db = open(folder)
  db.base.exec(sql)
}

function open(folder: string): { readonly base: DatabaseSync } & Disposable {
  const base = new DatabaseSync(join(folder, 'castellan.db'))
  return { base, [Symbol.dispose]: () => base.close() }
}

/** What both drivers make of a value. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'number' ? String(value) : value
}
