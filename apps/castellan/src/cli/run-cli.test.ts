import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exitCodes } from './exit-codes.ts'
import { run } from './fixtures/run.ts'

describe('the program', () => {
  test('prints its version and ends well', async () => {
    assert.deepEqual(await run(['--version']), { code: exitCodes.ok, out: '0.1.0\n', err: '' })
  })

  test('prints help for itself and for every command', async () => {
    const { code, out } = await run(['--help'])
    assert.equal(code, exitCodes.ok)
    for (const command of out.matchAll(/^ {2}([a-z]+) /gm)) {
      const help = await run([command[1]!, '--help'])
      assert.equal(help.code, exitCodes.ok, command[1])
      assert.match(help.out, /^Usage: castellan/)
    }
  })

  test('shows its help and fails when no command is given', async () => {
    const { code, out, err } = await run([])
    assert.equal(code, exitCodes.usage)
    assert.equal(out, '')
    assert.match(err, /^Usage: castellan/)
  })

  for (const [argv, meant] of [
    [['serv'], 'servers'],
    [['servers', 'lst'], 'list'],
    [['keys', 'revok'], 'revoke'],
    [['call', 'a__b', '--agrs', '{}'], '--args'],
    [['--jsn', 'servers'], '--json'],
  ] as const) {
    test(`names what "${argv.join(' ')}" was probably meant to be`, async () => {
      const { code, out, err } = await run(argv)
      assert.equal(code, exitCodes.usage)
      assert.equal(out, '')
      assert.match(err, new RegExp(`^castellan: .*did you mean ${meant}\\?\n$`))
    })
  }

  test('tells a problem in one line, without a stack', async () => {
    const { code, err } = await run(['policy', 'check', 'no-such-folder'])
    assert.equal(code, exitCodes.usage)
    assert.match(err, /^castellan: .*no-such-folder.*\n$/)
  })

  test('tells a problem as JSON to whoever asked for JSON, wherever the option stands', async () => {
    for (const argv of [
      ['--json', 'policy', 'check', 'no-such-folder'],
      ['policy', 'check', 'no-such-folder', '--json'],
    ]) {
      const { err } = await run(argv)
      assert.deepEqual(Object.keys(JSON.parse(err) as object), ['code', 'detail', 'exit_code'])
    }
    const { err } = await run(['nonsense', '--json'])
    assert.equal((JSON.parse(err) as { code: string }).code, 'USAGE')
  })

  test('says that a bug is one, and shows where it is', async () => {
    const migrate = async () => {
      throw new Error('unthinkable')
    }
    const { code, err } = await run(['migrate'], { migrate })
    assert.equal(code, exitCodes.failed)
    assert.match(err, /This is a bug in Castellan, please report it: unthinkable\n.*at .*migrate/s)
  })

  test('blames nobody for a port that is taken or a file that is not there', async () => {
    const start = async () => {
      throw Object.assign(new Error('listen'), { code: 'EADDRINUSE', syscall: 'listen', port: 7400 })
    }
    const taken = await run(['up'], { start })
    assert.equal(taken.code, exitCodes.unavailable)
    assert.match(taken.err, /^castellan: port 7400: something else listens there.*--port\.\n$/)
    const absent = await run(['import', '/no/such/file.json', '--key', 'k', '--url', 'http://127.0.0.1:1'])
    assert.equal(absent.code, exitCodes.usage)
    assert.match(absent.err, /no such file or folder/)
  })

  test('cannot be made to steer the terminal by what it repeats', async () => {
    const { err } = await run(['\u001B[2J\u202Ecommand'])
    assert.doesNotMatch(err, /\u001B|\u202E/)
  })
})

describe('up', () => {
  test('runs until it is asked to end, and stops what it started', async () => {
    const ending = new AbortController()
    const did: string[] = []
    const ran = run(['up', '--data', '/tmp/elsewhere'], {
      interruption: () => ending.signal,
      out: () => ending.abort(),
      start: async config => {
        did.push(`start ${config.data}`)
        return { url: 'http://127.0.0.1:7400', stop: async () => void did.push('stop') }
      },
    })
    assert.equal((await ran).code, exitCodes.ok)
    assert.deepEqual(did, ['start /tmp/elsewhere', 'stop'])
  })
})

describe('migrate', () => {
  test('shows every step of the schema and when it ran', async () => {
    const steps = [{ number: 1, name: 'begin', digest: 'sha256:0', appliedAt: '2026-01-01T00:00:00.000Z' }]
    const { code, out } = await run(['migrate', '--json'], { migrate: async () => steps })
    assert.equal(code, exitCodes.ok)
    assert.deepEqual(JSON.parse(out), {
      store: 'embedded',
      migrations: [{ number: 1, name: 'begin', applied_at: '2026-01-01T00:00:00.000Z' }],
    })
  })

  test('moves an embedded store and says what arrived, never with the password', async () => {
    const asked: unknown[] = []
    const move = async ({ data }: { data: string }, url: string, shown: string) => {
      asked.push([data, url, shown])
      return [{ table: 'journal', rows: 3, digest: 'a'.repeat(64) }]
    }
    const url = 'postgres://ann:hidden@db.example/castellan'
    const { code, out, err } = await run(['migrate', '--to', url, '--data', '/srv/data'], { move })
    assert.equal(code, exitCodes.ok, err)
    assert.deepEqual(asked, [['/srv/data', url, 'postgres://ann:***@db.example/castellan']])
    assert.match(out, /journal +3 +a{16}\n/)
    assert.match(out, /\/srv\/data\/master\.key/)
    assert.doesNotMatch(out + err, /hidden/)
  })

  test('moves to nothing but PostgreSQL, and from nothing but an embedded store', async () => {
    for (const words of [
      ['--to', 'mysql://db.example/x'],
      ['--to', 'postgres://db.example/x', '--database', 'postgres://db.example/y'],
    ]) {
      const { code, err } = await run(['migrate', ...words])
      assert.equal(code, exitCodes.usage, err)
    }
  })
})
