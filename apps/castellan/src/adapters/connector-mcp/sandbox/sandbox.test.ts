import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { withoutBubblewrap } from '../../../../../../tests/support/bubblewrap.ts'
import { connectorSuite, eventually } from '../../../gate/connector.testsuite.ts'
import { isFault } from '../../../kernel/index.ts'
import { abilities } from '../fixtures/abilities.ts'
import { attempt, attempts, type Attempt, type Cell, cellOf, imprisoned } from '../fixtures/attempts.ts'
import { fixturePath, nodeTarget, stdioTarget } from '../fixtures/stdio-target.ts'
import { mcpConnector } from '../index.ts'
import { instance } from '../reaper.ts'
import { findMarked } from '../sweep.ts'

const isRoot = process.getuid?.() === 0
const skip = withoutBubblewrap() || (!isRoot && 'only root has folders outside of its home and /tmp')
const folder = mkdtempSync(join(isRoot ? '/var' : tmpdir(), 'castellan-sandbox-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))
const home = join(folder, 'home')
mkdirSync(home)
writeFileSync(join(home, '.netrc'), 'a secret')
const environment = { PATH: process.env.PATH, HOME: home }
const MB = 1024 * 1024

if (skip === false) {
  await connectorSuite('stdio in a strict sandbox', async () => ({
    ...abilities,
    connector: mcpConnector({ environment }),
    target: confined(nodeTarget('stdio-server.ts', ['both'], { values: { API_KEY: 'sk-very-secret-0123456789' } })),
    unreachable: confined(stdioTarget('sk-very-secret-command', [], { values: { API_KEY: 'sk-very-secret-command' } })),
    leftovers: async () => (await findMarked(instance)).map(pid => `process ${pid}`),
    stop: async () => {},
  }))
}

for (const who of ['the one who runs this', 'an ordinary user'] as const) {
  const run = (cell: Cell, ...tries: readonly Attempt[]) =>
    who === 'an ordinary user' ? asNobody(cell, tries) : tried(cell, ...tries)

  describe(`in a strict sandbox, of ${who}`, { skip, timeout: 60_000 }, () => {
    test('there is no network: not the internet, not this machine, not the sockets of its services', async () => {
      const listening = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
      await once(listening, 'listening')
      const { port } = listening.address() as { port: number }
      const path = '/run/castellan-sandbox-test.sock'
      const service = createServer(socket => socket.destroy()).listen(path)
      await once(service, 'listening')
      chmodSync(path, 0o777)
      const tries = [
        ['connect', { host: '127.0.0.1', port }],
        ['connect', { host: '192.0.2.1', port: 80 }],
        ['connect', { host: '::1', port }],
        ['connect', { path }],
      ] as const

      const inside = await run({ sandbox: {} }, ...tries)

      assert.deepEqual(inside, ['!ECONNREFUSED', '!ENETUNREACH', '!ECONNREFUSED', '!ENOENT'])
      assert.deepEqual(
        await tried({ sandbox: null }, tries[0], tries[3]),
        ['connected', 'connected'],
        'without one there is',
      )
      for (const server of [listening, service]) server.close()
    })

    test('files are read-only, and the folders of users and services are empty and its own', async () => {
      const file = join(folder, `file of ${who.at(-1)}`)
      writeFileSync(file, 'before', { mode: 0o666 })
      chmodSync(file, 0o666)
      const ofAll = join(mkdtempSync('/tmp/castellan-sandbox-'), 'of all')
      writeFileSync(ofAll, 'temporary')
      chmodSync(dirname(ofAll), 0o755)
      const results = await run(
        { sandbox: {} },
        ['read', { path: file }],
        ['write', { path: file }],
        ['write', { path: '/etc/castellan' }],
        ['write', { path: '/dev/castellan' }],
        ['list', { path: home }],
        ['list', { path: '/run' }],
        ['read', { path: ofAll }],
        ['write', { path: '/tmp/castellan-mine' }],
        ['read', { path: '/tmp/castellan-mine' }],
        ['write', { path: '/dev/shm/mine' }],
        ['processes', {}],
      )
      assert.deepEqual(results, [
        'before',
        '!EROFS',
        '!EROFS',
        '!EROFS',
        '',
        '',
        '!ENOENT',
        'written',
        'written',
        'written',
        '2',
      ])
      rmSync(dirname(ofAll), { recursive: true })
      assert.equal(readFileSync(file, 'utf8'), 'before')
      assert.throws(() => readFileSync('/tmp/castellan-mine'), { code: 'ENOENT' })
    })

    test('it has no privileges, and can gain none', async () => {
      const [status] = await run({ sandbox: {} }, ['status', {}])
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.match(status!, new RegExp(`${set}:\\s0{16}`))
      assert.match(status!, /NoNewPrivs:\s1/)
    })

    test('what is given is there, what is hidden is not, and the longer path outranks the shorter', async () => {
      const base = mkdtempSync(join(folder, 'paths-'))
      for (const part of ['data/public', 'data/work', 'keys']) mkdirSync(join(base, part), { recursive: true })
      writeFileSync(join(base, 'data/secret.txt'), 'secret')
      writeFileSync(join(base, 'data/public/page.txt'), 'page')
      writeFileSync(join(base, 'keys/key'), 'key')
      symlinkSync(join(base, 'keys'), join(base, 'link'))
      for (const part of ['', 'data', 'data/public', 'data/work', 'keys']) chmodSync(join(base, part), 0o777)
      const at = (path: string) => join(base, path)
      const results = await run(
        {
          sandbox: {
            hidden: [at('data'), at('link'), at('nothing')],
            readOnly: [at('data/public')],
            writable: [at('data/work')],
          },
        },
        ['list', { path: at('data') }],
        ['read', { path: at('data/public/page.txt') }],
        ['write', { path: at('data/public/page.txt') }],
        ['write', { path: at('data/work/new.txt') }],
        ['write', { path: at('data/new.txt') }],
        ['list', { path: at('keys') }],
      )
      assert.deepEqual(results, ['public,work', 'page', '!EROFS', 'written', '!EROFS', ''])
      assert.equal(readFileSync(at('data/work/new.txt'), 'utf8'), 'written')
    })

    test('a hidden file cannot be read', async () => {
      const file = join(folder, 'hidden.txt')
      writeFileSync(file, 'secret')
      assert.deepEqual(await run({ sandbox: { hidden: [file] } }, ['read', { path: file }]), ['!EACCES'])
    })

    test('the keys and the store of the control plane are out of sight, whatever is said', async () => {
      const own = mkdtempSync(join(folder, 'own-'))
      chmodSync(own, 0o755)
      writeFileSync(join(own, 'admin.key'), 'key')
      const tries = ['list', { path: own }] as const
      assert.deepEqual(await run({ sandbox: { writable: [folder] }, ownFolder: own }, tries), [''])
      for (const wish of [{ readOnly: [own] }, { writable: [join(own, 'admin.key')] }]) {
        await refused(run({ sandbox: wish, ownFolder: own }, tries), /whose keys no server may see/)
      }
    })

    test('more memory than was given ends it, in one piece or in many', async () => {
      const sandbox = { memory: 256 * MB }
      const results = await run({ sandbox }, ['allocate', { megabytes: 20 }], ['allocate', { megabytes: 400 }])
      assert.equal(results[0], String(20 * MB))
      assert.match(results[1]!, /^broken: it held more memory than the 256MB of its sandbox/)
      // Faster than anybody can look: the kernel says no.
      assert.deepEqual(await run({ sandbox }, ['allocate', { megabytes: 2_000 }]), ['!ERR_MEMORY_ALLOCATION_FAILED'])
    })

    test('more time than was given ends it', async () => {
      const [end] = await run({ sandbox: { cpuSeconds: 1 } }, ['compute', {}])
      assert.match(end!, /^broken: its process exited with code 152 \(SIGXCPU\)/)
    })

    test('files it writes and has open are bounded', async () => {
      const sandbox = { fileSize: 1_000, openFiles: 64 }
      const results = await run({ sandbox }, ['write', { path: '/tmp/a', text: 'x'.repeat(900) }], ['write', { path: '/tmp/b', text: 'x'.repeat(5_000) }]) // prettier-ignore
      assert.equal(results[0], 'written')
      assert.match(results[1]!, /^!EFBIG|SIGXFSZ/)
    })
  })
}

describe('a sandbox', { skip, timeout: 60_000 }, () => {
  test('with the network has it, and nothing else that strict closes', async () => {
    const listening = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as { port: number }
    const tries: Attempt[] = [
      ['connect', { host: '127.0.0.1', port }],
      ['write', { path: '/etc/castellan' }],
      ['list', { path: '~' }],
    ]
    assert.deepEqual((await tried({ sandbox: { preset: 'standard' } }, ...tries)).slice(0, 2), ['connected', '!EROFS'])
    assert.equal((await tried({ sandbox: { network: 'host' } }, tries[0]!))[0], 'connected')
    assert.equal((await tried({ sandbox: { preset: 'standard', network: 'none' } }, tries[0]!))[0], '!ECONNREFUSED')
    listening.close()
  })

  test('counts processes of ordinary users, threads included', async () => {
    const [many] = await asNobody({ sandbox: { processes: 32 } }, [['fork', { many: 200 }]])
    assert.ok(Number(many) > 5 && Number(many) < 32, `${many} could be started`)
  })

  test('is refused where the kernel would not count processes, and nothing is started', async () => {
    await refused(tried({ sandbox: { processes: 32 } }), /run the control plane as another user/)
    assert.deepEqual(await findMarked(instance), [])
  })

  test('is refused for a path that is not there, and a working directory that is out of sight', async () => {
    await refused(tried({ sandbox: { writable: ['/no/such/folder'] } }), /there is no \/no\/such\/folder/)
    const cwd = mkdtempSync(join(tmpdir(), 'castellan-cwd-'))
    await refused(tried({ sandbox: {}, cwd }), /Can't chdir/)
    rmSync(cwd, { recursive: true })
  })

  test('is not led elsewhere by a link that the server made in a folder it may change', async () => {
    const base = mkdtempSync(join(folder, 'links-'))
    const [work, inner] = [join(base, 'work'), join(base, 'work/inner')]
    mkdirSync(inner, { recursive: true })
    const sandbox = { writable: [work, inner] }
    assert.deepEqual(await tried({ sandbox }, ['write', { path: join(inner, 'a') }]), ['written'])
    rmSync(inner, { recursive: true })
    symlinkSync('/etc', inner)
    await refused(tried({ sandbox }), /leads out of .*work, where the server may have put a link/)
    await refused(tried({ sandbox: { writable: [work], readOnly: [inner] } }), /leads out of/)
  })

  test('hides the home of its account, whatever home is named', async () => {
    const listed = await tried({ sandbox: {} }, ['list', { path: userInfo().homedir }])
    assert.doesNotMatch(listed[0]!, /^\.|,\./, 'no hidden files, which every home has')
  })

  test('ends with everything in it, however the server behaves', async () => {
    const link = await imprisoned({ sandbox: {}, environment })
    assert.equal(await attempt(link, ['fork', { many: 5 }]), '5')
    await eventually('they run', async () => (await findMarked(instance)).length >= 7)
    await link.close()
    assert.deepEqual(await findMarked(instance), [])
  })

  test('ends with the control plane, even by kill -9, before anybody could look for what is left', async () => {
    const plane = spawn(process.execPath, [fixturePath('as-somebody.ts'), JSON.stringify({ cell: { sandbox: {}, environment }, tries: [['fork', { many: 5 }], ['compute', {}]] })], { stdio: 'ignore' }) // prettier-ignore
    const sleepers = () =>
      spawnSync('ps', ['-o', 'pid=', '--ppid', String(plane.pid)], { encoding: 'utf8' }).stdout.trim()
    await eventually('its sandbox stands', async () => sleepers() !== '')
    const inside = sleepers().split(/\s+/).map(Number)
    plane.kill('SIGKILL')
    await once(plane, 'exit')
    await eventually('it is gone', async () => inside.every(pid => !isAlive(pid)))
  })
})

describe('without bubblewrap', { skip, timeout: 60_000 }, () => {
  const PATH = join(folder, 'bin')
  mkdirSync(PATH)
  for (const program of ['unshare', 'setpriv', 'prlimit', 'sh', 'grep', 'sleep']) {
    const found = spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()
    symlinkSync(found, join(PATH, program))
  }
  const poor = { PATH, HOME: home }

  test('files cannot be closed, so that is refused and not left out', async () => {
    for (const sandbox of [{}, { preset: 'standard' }, { preset: 'open', hidden: ['/etc'] }] as const) {
      await refused(tried({ sandbox, environment: poor }), /takes bubblewrap: install it/)
    }
  })

  test('the network and privileges are closed all the same, for root, too', async () => {
    const sandbox = { preset: 'open', network: 'none', memory: 512 * MB } as const
    for (const run of [tried, (cell: Cell, ...tries: Attempt[]) => asNobody(cell, tries)]) {
      const results = await run({ sandbox, environment: poor }, ['connect', { host: '127.0.0.1', port: 5432 }], ['connect', { host: '192.0.2.1', port: 80 }], ['processes', {}], ['status', {}]) // prettier-ignore
      assert.deepEqual(results.slice(0, 3), ['!ENETUNREACH', '!ENETUNREACH', '1'])
      assert.match(results[3]!, /CapPrm:\s0{16}/)
      assert.match(results[3]!, /NoNewPrivs:\s1/)
    }
    assert.deepEqual(await findMarked(instance), [])
  })

  test('nothing is promised where even that is missing', async () => {
    await refused(
      tried({ sandbox: { preset: 'open', network: 'none' }, environment: { PATH: '/nowhere' } }),
      /install util-linux/,
    )
  })
})

function confined(target: ReturnType<typeof nodeTarget>): typeof target {
  const connection = { ...target.connection, sandbox: cellOf({}) }
  return { ...target, connection }
}

async function refused(work: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(work, error => {
    const { code, message } = error as { code?: string; message: string }
    assert.ok(isFault(error, 'SANDBOX_UNAVAILABLE') || code === 'SANDBOX_UNAVAILABLE', String(error))
    assert.match(message, why)
    return true
  })
}

function tried(cell: Cell, ...tries: readonly Attempt[]): Promise<readonly string[]> {
  return attempts({ environment, ...cell }, ...tries)
}

/** The same by a control plane that runs as the user `nobody`. */
async function asNobody(cell: Cell, tries: readonly Attempt[]): Promise<readonly string[]> {
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const plane = [
    process.execPath,
    fixturePath('as-somebody.ts'),
    JSON.stringify({ cell: { environment, ...cell }, tries }),
  ]
  const child = spawn('setpriv', [...user, ...plane], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const results = JSON.parse(said) as readonly string[] | { readonly code: string; readonly message: string }
  if ('code' in results) throw Object.assign(new Error(results.message), { code: results.code })
  return results
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
