import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock, systemClock } from '../../kernel/index.ts'
import { openSqlite } from './index.ts'
import { migrate, migrationStatus, type MigrationTarget } from './migrate.ts'
import { migrations as released } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const first: Migration = { number: 1, name: 'one', statements: () => ['CREATE TABLE one (a)'] }
const second: Migration = { number: 2, name: 'two', statements: () => ['CREATE TABLE two (a)', 'INSERT INTO one VALUES (1)'] } // prettier-ignore
const clock = manualClock()

test('migrations run once, in order, and say when', async () => {
  const target = inMemory()
  await migrate(target, clock, [first])
  clock.advance(1_000)
  const status = await migrate(target, clock, [first, second])
  assert.deepEqual(status.map(({ number, name, appliedAt }) => [number, name, appliedAt]), [
    [1, 'one', '2026-01-01T00:00:00.000Z'],
    [2, 'two', '2026-01-01T00:00:01.000Z'],
  ]) // prettier-ignore
  assert.deepEqual(await migrate(target, clock, [first, second]), status)
  assert.equal((await target.query('SELECT * FROM one')).length, 1)
})

test('a migration that fails leaves nothing of itself behind', async () => {
  const target = inMemory()
  const bad: Migration = { ...second, statements: () => ['CREATE TABLE two (a)', 'nonsense'] }
  await assert.rejects(migrate(target, clock, [first, bad]), /syntax/)
  assert.deepEqual((await migrationStatus(target, [first, bad])).map(({ appliedAt }) => appliedAt !== null), [true, false]) // prettier-ignore
  await migrate(target, clock, [first, second])
})

test('a database with a changed or an unknown migration is refused as it is', async () => {
  const target = inMemory()
  await migrate(target, clock, [first, second])
  const changed: Migration = { ...first, statements: () => ['CREATE TABLE one (b)'] }
  const incompatible = { code: 'STORE_INCOMPATIBLE' }
  await assert.rejects(migrate(target, clock, [changed, second]), incompatible)
  await assert.rejects(migrate(target, clock, [first]), { ...incompatible, message: /migration 2 \(two\)/ })
})

test('a store made by a newer version refuses to open, and its folder stays free', async () => {
  using folder = temporaryFolder()
  await (await openSqlite({ folder: folder.path, clock: systemClock })).close()
  const alter = (sql: string) => {
    const db = new DatabaseSync(join(folder.path, 'castellan.db'))
    db.exec(sql)
    db.close()
  }
  alter("INSERT INTO migrations VALUES (99, 'future', 'x', 'now')")
  await assert.rejects(openSqlite({ folder: folder.path, clock: systemClock }), { code: 'STORE_INCOMPATIBLE' })
  alter('DELETE FROM migrations WHERE number = 99')
  await (await openSqlite({ folder: folder.path, clock: systemClock })).close()
})

test('each migration is numbered without gaps, and its file says so', () => {
  const files = readdirSync(new URL('migrations', import.meta.url)).filter(name => /^\d/.test(name))
  const expected = released.map(({ number, name }) => `${String(number).padStart(4, '0')}-${name}.ts`)
  assert.deepEqual(files.sort(), expected)
  const numbers = released.map(({ number }) => number)
  const all = Array.from({ length: numbers.at(-1)! }, (_, n) => n + 1)
  assert.deepEqual(numbers, all)
})

function inMemory(): MigrationTarget {
  const db = new DatabaseSync(':memory:')
  return { dialect: 'sqlite', query: async (sql, values = []) => db.prepare(sql).all(...values) }
}
