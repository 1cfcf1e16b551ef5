import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { bundlePlace } from './fixtures/built-bundle.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { type RealOpa, realOpa } from './fixtures/real-opa.ts'
import { type OpaOptions, opaPolicyEngine } from './opa-policy-engine.ts'
import { probeInput } from './probe-input.ts'

const opa = opaBinary()
/** Milliseconds; more than fifty answers take on a machine that does much else. */
const TIMEOUT = 5_000
const neverAborted = new AbortController().signal
const decidesTrue = { 'all.rego': 'package castellan\n\nallow := true\n' }

describe('a real OPA', { skip: opa.skip }, () => {
  test('that is killed denies everything at once, and decides again when it is back', async () => {
    await using server = await realOpa(opa.path, decidesTrue)
    const engine = engineOf(server)
    assert.equal(await allowed(engine), 50)
    await server.kill()
    for (let round = 0; round < 3; round++) assert.equal(await allowed(engine), 0)
    assert.match((await engine.decide(probeInput('default'), neverAborted)).reasons.join(), /^OPA: the connection was/)
    await server.again()
    assert.equal(await allowed(engine), 50)
    await engine.close()
  })

  test('that hangs denies everything within the timeout, and decides again when it goes on', async () => {
    await using server = await realOpa(opa.path, decidesTrue)
    const engine = engineOf(server)
    assert.equal(await allowed(engine), 50)
    server.freeze()
    const started = performance.now()
    assert.equal(await allowed(engine), 0)
    assert.ok(performance.now() - started < 2 * TIMEOUT)
    server.thaw()
    assert.equal(await allowed(engine), 50)
    await engine.close()
  })

  test('that is killed again and again while it is asked allows only what it decided itself', async () => {
    await using server = await realOpa(opa.path, { 'no.rego': 'package castellan\n\nallow := false\n' })
    const engine = engineOf(server)
    let asked = 0
    const ended = new AbortController()
    const asking = Array.from({ length: 8 }, async () => {
      while (!ended.signal.aborted) {
        assert.equal((await engine.decide(probeInput('default'), neverAborted)).allow, false)
        asked++
      }
    })
    for (let round = 0; round < 3; round++) {
      await server.kill()
      await server.again()
    }
    ended.abort()
    await Promise.all(asking)
    assert.ok(asked > 100)
    assert.equal(await engine.trouble('default', neverAborted), null)
    await engine.close()
  })

  test('that logs its decisions gives their ids, and the revision of its bundle', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(decidesTrue, ['castellan'], '-t', 'rego', '--revision', 'r42')
    const log = ['--set', 'decision_logs.console=true']
    await using server = await realOpa(opa.path, {}, ['--bundle', place.path, ...log])
    const engine = engineOf(server)
    const decision = await engine.decide(probeInput('default'), neverAborted)
    assert.equal(decision.allow, true)
    assert.match(decision.decisionId ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(decision.revision, 'r42')
    await engine.close()
  })

  test('is asked over a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'castellan-socket-'))
    const socket = join(folder, 'opa.sock')
    await using server = await realOpa(opa.path, decidesTrue, ['--addr', `unix://${socket}`])
    const engine = engineOf(server, { url: `unix:${socket}` })
    assert.equal(await allowed(engine), 50)
    await engine.close()
    rmSync(folder, { recursive: true })
  })

  test('is shown a token, and without the right one decides nothing', async () => {
    const rules = {
      ...decidesTrue,
      'authz.rego': 'package system.authz\n\ndefault allow := false\n\nallow if input.identity == "s3cret"\n',
    }
    const flags = ['--authentication', 'token', '--authorization', 'basic']
    await using server = await realOpa(opa.path, rules, flags)
    for (const [token, allow] of [
      ['s3cret', true],
      ['another', false],
    ] as const) {
      const engine = engineOf(server, { token: async () => token })
      assert.equal((await engine.decide(probeInput('default'), neverAborted)).allow, allow)
      await engine.close()
    }
    const engine = engineOf(server, { failOpen: true })
    const { allow, reasons } = await engine.decide(probeInput('default'), neverAborted)
    assert.deepEqual([allow, reasons], [false, ['OPA: it does not let us ask: HTTP 401 Unauthorized']])
    await engine.close()
  })

  describe('over TLS that wants a certificate', { skip: whyNoCertificates() }, () => {
    const files = certificates()
    after(() => rmSync(files.folder, { recursive: true, force: true }))
    const read = (name: string) => readFileSync(join(files.folder, name), 'utf8')
    const flags = () =>
      Object.entries({
        'tls-cert-file': join(files.folder, 'server.pem'),
        'tls-private-key-file': join(files.folder, 'server.key'),
        'tls-ca-cert-file': join(files.folder, 'ca.pem'),
        authentication: 'tls',
      }).flatMap(([flag, value]) => [`--${flag}`, value])

    test('decides for who has one, and for nobody else', async () => {
      await using server = await realOpa(opa.path, decidesTrue, flags(), 'https')
      const [ca, cert, key] = [read('ca.pem'), read('client.pem'), read('client.key')]
      const stranger = { cert: read('stranger.pem'), key: read('stranger.key') }
      for (const [tls, allow] of [
        [{ ca, cert, key }, true],
        [{ ca }, false],
        [{ ca, ...stranger }, false],
        [{ cert, key }, false],
        [{ ca: stranger.cert, cert, key }, false],
      ] as const) {
        const engine = engineOf(server, { tls })
        const decision = await engine.decide(probeInput('default'), neverAborted)
        assert.equal(decision.allow, allow, decision.reasons.join())
        await engine.close()
      }
    })
  })
})

function engineOf({ url }: RealOpa, options: Partial<OpaOptions> = {}) {
  return opaPolicyEngine({ url, path: 'castellan', timeout: TIMEOUT, failOpen: false, ...options })
}

/** How many of fifty calls at once are allowed. */
async function allowed(engine: ReturnType<typeof engineOf>): Promise<number> {
  const asked = Array.from({ length: 50 }, () => engine.decide(probeInput('default'), neverAborted))
  return (await Promise.all(asked)).filter(({ allow }) => allow).length
}

function whyNoCertificates(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'there is no openssl to make certificates with'
  }
}

/** An authority, a server and a client that it certified, and a client that certified itself. */
function certificates(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-tls-'))
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ')
  const made = (name: string, ...more: readonly string[]) =>
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, ...more)
  const certified = ['-CA', 'ca.pem', '-CAkey', 'ca.key']
  made('ca')
  made(
    'server',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-addext',
    'basicConstraints=critical,CA:false',
    ...certified,
  )
  made('client', '-addext', 'basicConstraints=critical,CA:false', ...certified)
  made('stranger')
  return { folder }
}
