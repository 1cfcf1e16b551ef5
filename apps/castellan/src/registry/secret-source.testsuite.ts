import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isFault } from '../kernel/index.ts'
import type { SecretSource } from './secret-source.ts'

/** A source, and the place behind it. */
export interface OpenSource {
  readonly source: SecretSource
  /** Keeps a value for a tenant, and gives the name it is asked for by. */
  put(tenant: string, value: string): Promise<string>
  /** A name under which there is nothing. */
  readonly missing: string
  close(): Promise<void>
}

/** What every source promises. Tenants are `default`, which runs the installation, and `acme`. */
export function secretSourceSuite(name: string, open: () => Promise<OpenSource>): void {
  describe(`${name} is a source of secrets`, () => {
    let opened: OpenSource
    before(async () => {
      opened = await open()
    })
    after(() => opened.close())

    test('a value is read as it is kept', async () => {
      for (const value of ['hunter2', ' Ünïcödé 🔑 "quoted" \\ ', 'two\nlines', 'x'.repeat(60_000)]) {
        assert.equal(await opened.source.read('default', await opened.put('default', value)), value)
      }
    })

    test('what is not there is named, and of other values nothing is said', async () => {
      await opened.put('default', 'hunter2-neighbour')
      await assert.rejects(
        opened.source.read('default', opened.missing),
        error =>
          isFault(error, 'SECRET_UNREADABLE') &&
          error.message.includes(opened.missing) &&
          !error.message.includes('hunter2'),
      )
    })

    test('another tenant does not get it, and is not told whether it is there', async () => {
      const theirs = await opened.put('default', 'hunter2')
      const why = async (asked: string) =>
        opened.source.read('acme', asked).then(
          () => assert.fail('was read'),
          (error: Error) => error.message.replaceAll(asked, '…'),
        )
      assert.equal(await why(theirs), await why(opened.missing))
    })

    test('names that lead elsewhere are refused', async () => {
      for (const hostile of [
        '',
        '.',
        '..',
        '../x',
        'a/../../x',
        '/etc/passwd',
        'a\0b',
        'a//b',
        'a%2f..%2fb',
        'x'.repeat(5_000),
      ]) {
        await assert.rejects(
          opened.source.read('default', hostile),
          error => isFault(error, 'SECRET_UNREADABLE'),
          JSON.stringify(hostile.slice(0, 40)),
        )
      }
    })

    test('many may read at once', async () => {
      const asked = await opened.put('default', 'hunter2')
      const read = await Promise.all(Array.from({ length: 20 }, () => opened.source.read('default', asked)))
      assert.deepEqual(new Set(read), new Set(['hunter2']))
    })

    test('when it is closed it gives nothing, and may be closed again', async () => {
      const other = await open()
      const asked = await other.put('default', 'hunter2')
      await other.source.close()
      await other.source.close()
      await other.close()
      await other.source.read('default', asked).then(
        value => assert.equal(value, 'hunter2', 'what needs nothing open may go on'),
        (error: unknown) => assert.ok(isFault(error, 'SECRET_UNREADABLE')),
      )
    })
  })
}
