import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import type { JournalStore } from '../../../journal/index.ts'
import { isFault, systemClock as clock } from '../../../kernel/index.ts'
import { openSqlite } from '../index.ts'
import { startChild } from '../testing/child.ts'
import { anEntry, wholeJournal } from '../testing/journal-facts.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { openReadOnly } from './connection.ts'
import { WriterThread } from './writer-thread.ts'

describe('SQLite', () => {
  test('makes files that only this user can read', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock })
    await stores.journal.append([anEntry(stores.journal)])
    const readable = readdirSync(folder.path).filter(
      name => name.startsWith('castellan.db') && (statSync(join(folder.path, name)).mode & 0o077) !== 0,
    )
    assert.deepEqual(readable, [])
  })

  test('writes that come together share a transaction', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock })
    const before = stores.stats()
    await Promise.all(Array.from({ length: 500 }, () => stores.journal.append([anEntry(stores.journal)])))
    const { batches, commits } = stores.stats()
    assert.equal(batches - before.batches, 500)
    assert.ok(commits - before.commits <= 10, `${commits} commits`)
  })

  test('a refused write takes nothing with it from the transaction it shared, and leaves no gap', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock })
    const entries = Array.from({ length: 99 }, () => anEntry(stores.journal))
    const taken = entries.map((entry, n) => (n % 3 === 1 ? { ...entry, stream: entries[n - 1]!.stream } : entry))
    const results = await Promise.allSettled(taken.map(entry => stores.journal.append([entry])))
    assert.deepEqual(
      results.map(({ status }) => status),
      taken.map((_, n) => (n % 3 === 1 ? 'rejected' : 'fulfilled')),
    )
    assert.equal(await stores.journal.head(), 66)
    assert.ok(stores.stats().commits < 10)
  })

  test('what is at hand of the journal is what is on disk, whatever was refused or had nothing to do meanwhile', async () => {
    using folder = temporaryFolder()
    const stores = await openSqlite({ folder: folder.path, clock })
    const { journal, rules } = stores
    const writes = Array.from({ length: 300 }, async (_, n) => {
      const entry = anEntry(journal, { n })
      if (n % 7 === 1) return assert.rejects(journal.append([entry, { ...entry, seq: 5 }]), { code: 'STREAM_CONFLICT' })
      if (n % 7 === 2) return rules.removeLimits('acme', 'never there', [entry])
      if (n % 7 === 3) return journal.append([entry, { ...entry, id: `${entry.id}+`, seq: 1 }])
      return journal.append([entry])
    })
    await Promise.all(writes)
    const atHand = await journal.read(0, 1_000)
    const filtered = await journal.read(100, 7, { tenant: 'acme', topic: 'call.*' })
    await stores.close()
    await using again = await openSqlite({ folder: folder.path, clock })
    assert.deepEqual(atHand, await again.journal.read(0, 1_000))
    assert.deepEqual(filtered, await again.journal.read(100, 7, { tenant: 'acme', topic: 'call.*' }))
    assert.equal(atHand.length, 257)
  })

  test('a commit is on disk when it is acknowledged: WAL, and synchronous FULL', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock })
    await stores.journal.append([anEntry(stores.journal)])
    const reader = openReadOnly(join(folder.path, 'castellan.db'))
    assert.equal(reader.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    reader.close()
    // Only visible from the connection that writes, so its source is asked.
    const writer = new WriterThread({ path: join(folder.path, 'other.db'), maxBytes: null }, () => undefined)
    const ask = 'CREATE TABLE answer AS SELECT synchronous FROM pragma_synchronous'
    await writer.write([{ sql: ask, values: [] }])
    await writer.close()
    const other = openReadOnly(join(folder.path, 'other.db'))
    assert.equal(other.prepare('SELECT synchronous FROM answer').get()?.['synchronous'], 2)
    other.close()
  })

  test('everything is still there after closing and opening again, and closing leaves one file', async () => {
    using folder = temporaryFolder()
    const first = await openSqlite({ folder: folder.path, clock })
    const entry = anEntry(first.journal)
    await first.journal.append([entry])
    await first.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['castellan.db', 'castellan.lock'])
    await using second = await openSqlite({ folder: folder.path, clock })
    assert.deepEqual((await wholeJournal(second.journal)).map(({ id }) => id), [entry.id]) // prettier-ignore
  })

  test('closing waits for what was accepted, and refuses what comes later', async () => {
    using folder = temporaryFolder()
    const stores = await openSqlite({ folder: folder.path, clock })
    const accepted = Array.from({ length: 50 }, () => stores.journal.append([anEntry(stores.journal)]))
    const [closed] = [stores.close(), stores.close()]
    await Promise.all([...accepted, closed])
    await assert.rejects(stores.journal.append([anEntry(stores.journal)]), { code: 'STORE_UNAVAILABLE' })
    await assert.rejects(stores.journal.head(), { code: 'STORE_UNAVAILABLE' })
    await using again = await openSqlite({ folder: folder.path, clock })
    assert.equal(await again.journal.head(), 50)
  })

  test('a second process is refused, told who holds the folder, and let in when the holder is killed', async () => {
    using folder = temporaryFolder()
    await using holder = startChild('write-storm.ts', ['sqlite', folder.path, '1e9'])
    await holder.printed(1)
    await assert.rejects(openSqlite({ folder: folder.path, clock }), {
      code: 'DATA_LOCKED',
      details: { pid: String(holder.pid), folder: folder.path },
      message: new RegExp(`process ${holder.pid}\\b`),
    })
    holder.kill()
    await holder.ended
    await using stores = await openSqlite({ folder: folder.path, clock })
    assert.ok((await stores.journal.head()) > 0)
    await assert.rejects(openSqlite({ folder: folder.path, clock }), { code: 'DATA_LOCKED' })
  })

  test('a folder that cannot be used is a clear fault, and leaves nothing locked', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'file'), '')
    await assert.rejects(openSqlite({ folder: join(folder.path, 'file'), clock }), { code: 'STORE_UNAVAILABLE' })
    writeFileSync(join(folder.path, 'castellan.db'), 'this is no database, however long one looks at it'.repeat(100))
    await assert.rejects(openSqlite({ folder: folder.path, clock }), { code: 'STORE_UNAVAILABLE' })
    rmSync(join(folder.path, 'castellan.db'))
    await using stores = await openSqlite({ folder: folder.path, clock })
    assert.equal(await stores.journal.head(), 0)
  })

  test('when the writer thread dies, waiting and later writes fail, and closing still ends', async () => {
    using folder = temporaryFolder()
    const writer = new WriterThread({ path: join(folder.path, 'x.db'), maxBytes: null }, () => undefined)
    await writer.write([{ sql: 'CREATE TABLE t (n)', values: [] }])
    const endless =
      'INSERT INTO t WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c LIMIT 2000000'
    const pending = [writer.write([{ sql: endless, values: [] }]), writer.write([])]
    const refused = Promise.all(pending.map(each => assert.rejects(each, { code: 'STORE_UNAVAILABLE' })))
    setImmediate(() => setImmediate(() => void writer.worker.terminate()))
    await refused
    await assert.rejects(writer.write([]), { code: 'STORE_UNAVAILABLE' })
    await writer.close()
  })

  test('an error inside the writer thread is told to those who wait', async () => {
    using folder = temporaryFolder()
    const writer = new WriterThread({ path: join(folder.path, 'missing', 'x.db'), maxBytes: null }, () => undefined)
    const told = { code: 'STORE_UNAVAILABLE', message: /writer thread failed: unable to open database file/ }
    await assert.rejects(writer.write([]), told)
    await writer.close()
  })

  test('a full store refuses with a clear fault, keeps what it has, and writes again once there is room', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock, maxBytes: 1_200_000 })
    const { journal } = stores
    const blob = { tenant: 'acme', digest: 'sha256:0', salt: new Uint8Array(16), bytes: new Uint8Array(400_000) }
    await journal.putBlob(blob)
    const kept = await appendUntilRefused(journal)
    assert.equal((await wholeJournal(journal)).length, kept)
    await journal.eraseBlob(blob.tenant, blob.digest)
    await journal.append([anEntry(journal)])
    assert.equal((await wholeJournal(journal)).length, kept + 1)
  })

  test('a write that is too large for the room left does not take the small ones with it', async () => {
    using folder = temporaryFolder()
    await using stores = await openSqlite({ folder: folder.path, clock, maxBytes: 1_200_000 })
    const { journal } = stores
    const blob = { tenant: 'acme', digest: 'sha256:0', salt: new Uint8Array(16), bytes: new Uint8Array(1_800_000) }
    const small = Array.from({ length: 5 }, () => journal.append([anEntry(journal)]))
    const large = assert.rejects(journal.putBlob(blob), { code: 'STORE_UNAVAILABLE', message: /full/ })
    await Promise.all([...small, large, journal.append([anEntry(journal)])])
    assert.equal((await wholeJournal(journal)).length, 6)
  })

  const noMount = mountProblem()
  test('a full disk refuses with a clear fault and recovers', { skip: noMount }, async () => {
    using disk = smallDisk('3m')
    await using stores = await openSqlite({ folder: disk.path, clock })
    const { journal } = stores
    const filler = join(disk.path, 'filler')
    await journal.append([anEntry(journal)])
    assert.throws(() => writeFileSync(filler, new Uint8Array(4_000_000)), { code: 'ENOSPC' })
    const kept = 1 + (await appendUntilRefused(journal))
    await assert.rejects(journal.append([anEntry(journal)]), { code: 'STORE_UNAVAILABLE' })
    assert.equal((await wholeJournal(journal)).length, kept)
    rmSync(filler)
    await Promise.all(Array.from({ length: 20 }, () => journal.append([anEntry(journal)])))
    assert.equal((await wholeJournal(journal)).length, kept + 20)
  })

  test('erased bytes are not left readable in the database file', async () => {
    using folder = temporaryFolder()
    const stores = await openSqlite({ folder: folder.path, clock })
    const bytes = new Uint8Array(Buffer.from('castellan-remember-me '.repeat(500)))
    const blob = { tenant: 'acme', digest: 'sha256:0', salt: new Uint8Array(16), bytes }
    await stores.journal.putBlob(blob)
    await stores.journal.eraseBlob('acme', 'sha256:0')
    await stores.close()
    assert.ok(!existsSync(join(folder.path, 'castellan.db-wal')))
    const db = new DatabaseSync(join(folder.path, 'castellan.db'))
    assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
    db.close()
    assert.ok(!readFileSync(join(folder.path, 'castellan.db')).includes('remember-me'))
  })
})

/** How many entries were kept before one was refused because the store is full. */
async function appendUntilRefused(journal: JournalStore): Promise<number> {
  for (let kept = 0; kept < 100_000; kept++) {
    try {
      await journal.append([anEntry(journal, { padding: 'x'.repeat(1_000) })])
    } catch (error) {
      if (!isFault(error, 'STORE_UNAVAILABLE')) throw error
      assert.match(error.message, /full|disk I\/O/)
      return kept
    }
  }
  return assert.fail('it was never full')
}

function smallDisk(size: string): { readonly path: string } & Disposable {
  const folder = temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path], { stdio: 'pipe' })
  const path = folder.path
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', [path])
      folder[Symbol.dispose]()
    },
  }
}

function mountProblem(): string | false {
  try {
    smallDisk('1m')[Symbol.dispose]()
    return false
  } catch {
    return 'only root may mount the small disk this needs'
  }
}
