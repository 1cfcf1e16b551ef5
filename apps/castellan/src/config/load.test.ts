import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Variables } from './environment.ts'
import { explain, settingsHelp } from './explain.ts'
import { loadConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-config-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Given {
  readonly flags?: Readonly<Record<string, unknown>>
  readonly variables?: Variables
  readonly yaml?: string
}

let files = 0
function load({ flags = {}, variables = {}, yaml }: Given) {
  const file = yaml === undefined ? null : join(folder, `${files++}.yaml`)
  if (file !== null) writeFileSync(file, yaml!)
  return loadConfig({ flags, variables, file })
}

function refuses(given: Given, why: RegExp) {
  assert.throws(() => load(given), { code: 'CONFIG_INVALID', message: why })
}

describe('the configuration', () => {
  test('is complete without anything given, and keeps to this machine', () => {
    assert.deepEqual(load({}).config, {
      host: '127.0.0.1',
      port: 7400,
      data: '.castellan',
      database: null,
      role: 'both',
      nats: null,
      cluster: { host: '127.0.0.1', port: 0, address: null },
      publicUrl: null,
      allowedHosts: [],
      allowedOrigins: [],
      maxBody: 4 * 1024 * 1024,
      drainTimeout: 10_000,
      log: { level: 'info', format: 'json' },
      oidc: null,
      policy: { engines: ['cedar'], opa: null, opaWasm: null },
      approvals: { decideWithin: 60 * 60_000, useWithin: 15 * 60_000 },
      guardrails: { providers: {}, budget: 1_000 },
      secrets: { files: null, vault: null },
      models: { providers: {} },
      mcp: { sessionIdle: 30 * 60_000, maxSessions: 1_000 },
      runs: { atOnce: 128, mostOfTenant: null, mostCallsOfTool: null, mostFailuresOfTrigger: 1_000 },
      stdio: { maxConcurrentSpawns: 4, idleStop: 10 * 60_000 },
    })
  })

  test('takes flags before environment before file before defaults, and remembers which', () => {
    const loaded = load({
      flags: { port: '1', json: true },
      variables: { CASTELLAN_PORT: '2', CASTELLAN_MCP_SESSION_IDLE: '2m', PATH: '/bin' },
      yaml: 'settings: { port: 3, mcp: { session_idle: 3m, max_sessions: 3 } }',
    })
    assert.deepEqual([loaded.config.port, loaded.config.mcp], [1, { sessionIdle: 120_000, maxSessions: 3 }])
    const { sources } = loaded
    assert.deepEqual(sources.port, { is: 'flag', name: '--port' })
    assert.deepEqual(sources['mcp.session_idle'], { is: 'environment', name: 'CASTELLAN_MCP_SESSION_IDLE' })
    assert.equal(sources['mcp.max_sessions'].is, 'file')
    assert.deepEqual(sources.host, { is: 'default' })
  })

  test('reads the same value alike from every place', () => {
    const wanted = { maxBody: 512 * 1024, hosts: ['a.example', 'b.example:8080'], provision: true, idle: 90_000 }
    const oidc = 'issuer: https://issuer.example, audience: castellan'
    const found = [
      load({ flags: { maxBody: '512 KiB', allowedHosts: 'a.example,b.example:8080', oidcProvision: 'true', stdioIdleStop: '90s', oidcIssuer: 'https://issuer.example', oidcAudience: 'castellan' } }),
      load({ variables: { CASTELLAN_MAX_BODY: '512KiB', CASTELLAN_ALLOWED_HOSTS: 'a.example, b.example:8080', CASTELLAN_OIDC_PROVISION: 'true', CASTELLAN_STDIO_IDLE_STOP: '90s', CASTELLAN_OIDC_ISSUER: 'https://issuer.example', CASTELLAN_OIDC_AUDIENCE: 'castellan' } }),
      load({ yaml: `settings: { max_body: 512 KiB, allowed_hosts: [a.example, 'b.example:8080'], oidc: { ${oidc}, provision: true }, stdio: { idle_stop: 90s } }` }),
    ] // prettier-ignore
    for (const { config } of found) {
      const { maxBody, allowedHosts: hosts, oidc, stdio } = config
      assert.deepEqual({ maxBody, hosts, provision: oidc?.provision, idle: stdio.idleStop }, wanted)
    }
  })

  test('names the place, what is allowed there and what was given', () => {
    refuses(
      { variables: { CASTELLAN_PORT: 'tcp://10.0.0.1:7400' } },
      /CASTELLAN_PORT must be a whole number from 0 to 65535, not "tcp:/,
    )
    refuses({ flags: { port: '65536' } }, /--port must be a whole number/)
    refuses(
      { yaml: 'settings: { port: 1.5 }' },
      /settings\.port in .*\.yaml must be a whole number from 0 to 65535, not 1.5/,
    )
    refuses({ yaml: 'settings: { port: [1] }' }, /must be a whole number/)
    refuses({ flags: { mcpSessionIdle: '30' } }, /--mcp-session-idle must be a duration from 1s to 7d, written like/)
    refuses({ flags: { drainTimeout: '11m' } }, /--drain-timeout must be a duration/)
    refuses({ flags: { maxBody: '65 MiB' } }, /--max-body must be a size from 1 KiB to 64 MiB/)
    refuses({ flags: { logLevel: 'verbose' } }, /one of debug, info, warn, error, silent, not "verbose"/)
    refuses({ flags: { host: 'castellan.example' } }, /an IP address or localhost/)
    refuses({ flags: { allowedHosts: 'a.example,http://b' } }, /each is a host name/)
    refuses({ flags: { allowedOrigins: 'https://a.example/path' } }, /each is an origin/)
    refuses({ flags: { data: '' } }, /--data must be a path/)
  })

  test('refuses unknown settings and variables, and says which was meant', () => {
    refuses({ yaml: 'settings: { prot: 1 }' }, /settings\.prot is unknown; did you mean port\?/)
    refuses(
      { yaml: 'settings: { mcp: { sesion_idle: 1m } }' },
      /settings\.mcp\.sesion_idle is unknown; did you mean mcp\.session_idle\?/,
    )
    refuses({ yaml: 'settings: { __proto__: { port: 1 } }' }, /settings\.__proto__ is unknown/)
    refuses({ yaml: 'settings: { constructor: 1 }' }, /settings\.constructor is unknown\./)
    refuses({ variables: { CASTELLAN_PROT: '1' } }, /CASTELLAN_PROT is unknown; did you mean CASTELLAN_PORT\?/)
    assert.equal(
      load({ variables: { CASTELLAN_PORT: '', CASTELLAN_OLD: '', CASTELLAN_KEY: 'cst_x' } }).config.port,
      7400,
    )
  })

  test('leaves resources in the file to others, and notices settings that stand outside of their section', () => {
    assert.equal(load({ yaml: 'servers: [{ name: x }]\nsettings: { port: 1 }' }).config.port, 1)
    assert.equal(load({ yaml: '' }).config.port, 7400)
    assert.equal(load({ yaml: 'settings:\nservers: []' }).config.port, 7400)
    assert.equal(load({ yaml: 'settings: { port: null, oidc: null }' }).config.port, 7400)
    refuses({ yaml: 'port: 1' }, /"port" is a setting and belongs under "settings"/)
    refuses({ yaml: 'oidc: {}' }, /"oidc" is a setting/)
    refuses({ yaml: 'setings: { port: 1 }' }, /did you mean settings\?/)
    refuses({ yaml: '- port' }, /must be a mapping/)
    refuses({ yaml: 'settings: [1]' }, /"settings" must be a mapping/)
    refuses({ yaml: 'settings: { mcp: 5 }' }, /settings\.mcp must be a mapping/)
  })

  test('refuses a file that cannot be read or understood, with the line and without quoting it', () => {
    assert.throws(() => loadConfig({ flags: {}, variables: {}, file: join(folder, 'missing.yaml') }), {
      message: /ENOENT/,
    })
    assert.throws(() => loadConfig({ flags: {}, variables: {}, file: folder }), { message: /EISDIR/ })
    refuses({ yaml: 'settings:\n  port: 1\n  port: 2' }, /line 3 is not valid YAML \(DUPLICATE_KEY\)/)
    const leaky = 'settings:\n  database: "postgres://u:hunter2@h/d\n'
    assert.throws(
      () => load({ yaml: leaky }),
      (error: Error) => /not valid YAML/.test(error.message) && !error.message.includes('hunter2'),
    )
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefg'[index]},`.repeat(10)}]`),
    ]
    refuses({ yaml: bomb.join('\n') }, /aliases/)
  })

  test('finds the file that CASTELLAN_CONFIG names, unless a flag names another', () => {
    const [one, two] = [join(folder, 'one.yaml'), join(folder, 'two.yaml')]
    writeFileSync(one, 'settings: { port: 1 }')
    writeFileSync(two, 'settings: { port: 2 }')
    const variables = { CASTELLAN_CONFIG: one }
    assert.equal(loadConfig({ flags: {}, variables, file: null }).config.port, 1)
    assert.equal(loadConfig({ flags: {}, variables, file: two }).config.port, 2)
  })

  test('lets other machines in only under host names that were said', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1']) {
      refuses({ flags: { host } }, /lets other machines in; say in allowed_hosts/)
      assert.equal(load({ flags: { host, allowedHosts: 'castellan.example' } }).config.host, host)
    }
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1'])
      assert.equal(load({ flags: { host } }).config.host, host)
  })

  test('takes an issuer only whole and over https', () => {
    refuses(
      { flags: { oidcIssuer: 'https://issuer.example' } },
      /oidc\.issuer needs both oidc\.issuer and oidc\.audience/,
    )
    refuses({ flags: { oidcProvision: 'true' } }, /oidc\.provision needs both/)
    for (const issuer of [
      'http://issuer.example',
      'https://u:p@issuer.example',
      'https://issuer.example?x',
      'issuer',
      'ftp://x',
    ]) {
      refuses({ flags: { oidcIssuer: issuer, oidcAudience: 'a' } }, /--oidc-issuer must be an https URL/)
    }
    assert.deepEqual(load({ flags: { oidcIssuer: 'http://127.0.0.1:8080/realms/a', oidcAudience: 'a' } }).config.oidc, {
      issuer: 'http://127.0.0.1:8080/realms/a',
      audience: 'a',
      jwksUri: null,
      rolesClaim: null,
      tenantsClaim: null,
      provision: false,
    })
  })
})

describe('the policy engines', () => {
  const opa = { policyEngines: 'opa', policyOpaUrl: 'http://127.0.0.1:8181' }

  test('are Cedar alone unless others are named, and never fail open unless that is said', () => {
    const { policy } = load({
      yaml: 'settings: { policy: { engines: [cedar, opa], opa: { url: "unix:/run/opa.sock", token: "env:TOKEN" } } }',
    }).config
    assert.deepEqual(policy, {
      engines: ['cedar', 'opa'],
      opa: {
        url: 'unix:/run/opa.sock',
        path: 'castellan',
        timeout: 1_000,
        token: { env: 'TOKEN' },
        ca: null,
        cert: null,
        key: null,
        failOpen: false,
      },
      opaWasm: null,
    })
  })

  test('need to know where they are, and their settings need them', () => {
    refuses({ flags: { policyEngines: 'opa' } }, /the engine opa in policy\.engines needs policy\.opa\.url/)
    refuses({ flags: { policyEngines: 'opa-wasm' } }, /needs policy\.opa_wasm\.bundle/)
    refuses({ flags: { policyOpaFailOpen: 'true' } }, /policy\.opa\.fail_open needs the engine opa in policy\.engines/)
    refuses({ flags: { policyOpaWasmPath: 'a' } }, /policy\.opa_wasm\.path needs the engine opa-wasm/)
    refuses({ flags: { policyEngines: 'rego' } }, /each is one of cedar, opa, opa-wasm/)
    refuses({ yaml: 'settings: { policy: { engines: [] } }' }, /policy\.engines names nobody/)
    refuses({ flags: { ...opa, policyOpaCert: 'a.pem' } }, /policy\.opa\.cert and policy\.opa\.key need each other/)
  })

  test('take no path that leads elsewhere, no token in the clear and no password in a URL', () => {
    for (const path of ['a/../b', '/a', 'a/', 'a//b', 'a?b', 'a%2fb', '{user}', 'a{tenant}'])
      refuses({ flags: { ...opa, policyOpaPath: path } }, /--policy-opa-path must be names with slashes/)
    assert.equal(
      load({ flags: { ...opa, policyOpaPath: 't/{tenant}/allow' } }).config.policy.opa?.path,
      't/{tenant}/allow',
    )
    // Someone may have taken the setting for the token itself.
    refuses({ flags: { ...opa, policyOpaToken: 'hunter2' } }, /secret:NAME\.$/)
    for (const token of ['hunter2', 'env:', 'env:A B', 'secret:../x'])
      refuses({ flags: { ...opa, policyOpaToken: token } }, /must be env:NAME or secret:NAME/)
    for (const url of ['http://u:p@opa', 'ftp://opa', 'unix:relative', 'http://opa?x=1'])
      refuses({ flags: { ...opa, policyOpaUrl: url } }, /--policy-opa-url must be/)
  })
})

describe('the providers of models', () => {
  const given = (providers: unknown) => ({ yaml: `settings: ${JSON.stringify({ models: { providers } })}` })
  const local = { kind: 'openai-compatible', base_url: 'http://127.0.0.1:11434/v1/' }

  test('are read alike from a file and, as JSON, from a variable', () => {
    const providers = { local, script: { kind: 'scripted', script: 'a.yaml' } }
    const variables = { CASTELLAN_MODELS_PROVIDERS: JSON.stringify(providers) }
    const wanted = {
      local: {
        kind: 'openai-compatible',
        baseUrl: 'http://127.0.0.1:11434/v1',
        apiKey: null,
        api: 'chat',
        headers: {},
        allowPrivate: false,
        timeout: 300_000,
      },
      script: { kind: 'scripted', script: 'a.yaml' },
    }
    assert.deepEqual(load(given(providers)).config.models.providers, wanted)
    assert.deepEqual(load({ variables }).config.models.providers, wanted)
  })

  test('say where their keys are, in any of four places, and what else is sent', () => {
    const keyOf = (api_key: string) => {
      const { openai } = load(given({ openai: { kind: 'openai', api_key } })).config.models.providers
      return openai?.kind === 'openai' ? openai.apiKey : undefined
    }
    assert.deepEqual(keyOf('env:OPENAI_API_KEY'), { env: 'OPENAI_API_KEY' })
    assert.deepEqual(keyOf('secret:openai'), { secret: 'openai' })
    assert.deepEqual(keyOf('file:models/openai'), { file: 'models/openai' })
    assert.deepEqual(keyOf('vault:models/openai#key'), { vault: 'models/openai', field: 'key' })
    const headers = { 'x-team': 'blue', 'x-key': 'env:OTHER' }
    const anthropic = { kind: 'anthropic', api_key: 'env:A', headers, timeout: '90s', allow_private: true }
    assert.deepEqual(load(given({ anthropic })).config.models.providers['anthropic'], {
      kind: 'anthropic',
      baseUrl: 'https://api.anthropic.com/v1',
      apiKey: { env: 'A' },
      api: 'chat',
      headers: { 'x-team': 'blue', 'x-key': { env: 'OTHER' } },
      allowPrivate: true,
      timeout: 90_000,
    })
  })

  test('that are wrong say which and how, and repeat no key', () => {
    for (const [providers, why] of [
      [{ local: { ...local, api_kee: 'x' } }, /models\.providers in .*; local: Unrecognized key: "api_kee"/],
      [{ local: { ...local, api: 'chat' } }, /local: Unrecognized key: "api"/],
      [{ local: { kind: 'openai-compatible' } }, /local\.base_url/],
      [{ local: { ...local, base_url: 'https://u:hunter2@h' } }, /local\.base_url: must be an http or https URL/],
      [{ openai: { kind: 'openai' } }, /openai\.api_key/],
      [{ openai: { kind: 'openai', api_key: 'hunter2' } }, /openai\.api_key: must be env:NAME, secret:NAME/],
      [{ x: { kind: 'gemini' } }, /x\.kind/],
      [{ 'a/b': local }, /a\/b: must be named by/],
      [{ local: { ...local, timeout: '0s' } }, /local\.timeout: must be at least 1s/],
      [{ tape: { kind: 'cassette', file: 'a', mode: 'record', of: 'tape' } }, /tape\.of: must name another provider/],
      [{ tape: { kind: 'cassette', file: 'a', mode: 'record' } }, /tape\.of/],
      [{ tape: { kind: 'cassette', file: 'a', mode: 'replay', of: 'x' } }, /tape: Unrecognized key: "of"/],
      [[], /models\.providers/],
    ] as const) {
      assert.throws(
        () => load(given(providers)),
        (error: Error) => why.test(error.message) && !error.message.includes('hunter2'),
        String(why),
      )
    }
    refuses({ variables: { CASTELLAN_MODELS_PROVIDERS: 'local=x' } }, /CASTELLAN_MODELS_PROVIDERS must be .* it is not JSON/) // prettier-ignore
  })

  test('are explained without what their headers hold', () => {
    const tape = { kind: 'cassette', file: 'a.jsonl', mode: 'record', of: 'openai' }
    const openai = { kind: 'openai', api_key: 'env:OPENAI', headers: { 'x-key': 'hunter2' } }
    const lines = explain(load(given({ openai, local, tape })))
    const { value } = lines.find(({ path }) => path === 'models.providers')!
    assert.equal(
      value,
      'openai (openai, https://api.openai.com/v1, key env OPENAI), ' +
        'local (openai-compatible, http://127.0.0.1:11434/v1, no key), tape (cassette, records openai to a.jsonl)',
    )
  })
})

describe('explaining', () => {
  test('gives each value as one would write it, and its source', () => {
    const lines = explain(
      load({ flags: { port: '8080' }, variables: { CASTELLAN_ALLOWED_HOSTS: 'a.example,b.example' } }),
    )
    const byPath = Object.fromEntries(lines.map(line => [line.path, line]))
    assert.deepEqual([byPath['port']?.value, byPath['port']?.source], ['8080', { is: 'flag', name: '--port' }])
    assert.equal(byPath['allowed_hosts']?.value, 'a.example, b.example')
    assert.deepEqual(
      ['max_body', 'mcp.session_idle', 'database', 'allowed_origins', 'oidc.provision'].map(
        path => byPath[path]?.value,
      ),
      ['4 MiB', '30m', 'not set', 'none', 'false'],
    )
  })

  test('shows no password, and no complaint repeats one', () => {
    const database = 'postgres://u:hunter2@db.example:5432/castellan?sslpassword=hunter2'
    const shown = JSON.stringify(explain(load({ variables: { CASTELLAN_DATABASE: database } })))
    assert.ok(!shown.includes('hunter2'))
    assert.ok(shown.includes('postgres://u:***@db.example:5432/castellan'))
    const broken = { variables: { CASTELLAN_DATABASE: 'mysql://u:hunter2@h/d' } }
    assert.throws(
      () => load(broken),
      (error: Error) => /CASTELLAN_DATABASE must be/.test(error.message) && !error.message.includes('hunter2'),
    )
  })

  test('every default is a value one could give, and has its own flag and variable', () => {
    for (const { path, flag, variable, fallback } of settingsHelp) {
      if (fallback === 'not set' || fallback === 'none') continue
      const given: Variables = {
        CASTELLAN_OIDC_ISSUER: 'https://i.example',
        CASTELLAN_OIDC_AUDIENCE: 'a',
        [variable]: fallback,
      }
      const line = explain(load({ variables: given })).find(each => each.path === path)
      assert.deepEqual([line?.value, line?.source.is], [fallback, 'environment'], path)
      assert.match(flag, /^--[a-z-]+ <.+>$/)
    }
    assert.equal(new Set(settingsHelp.map(each => each.variable)).size, settingsHelp.length)
    assert.equal(new Set(settingsHelp.map(each => each.flag)).size, settingsHelp.length)
  })
})

describe('the settings of many nodes', () => {
  const database = 'postgres://u@h/d'

  test('are a role, NATS, and where the others reach this one', () => {
    const flags = {
      database,
      role: 'worker',
      publicUrl: 'https://c.example',
      nats: 'nats://ann:hunter2@n:4222',
      clusterListen: '[::]:7401',
      clusterAddress: 'node-a:7401',
    }
    const loaded = load({ flags })
    assert.equal(loaded.config.role, 'worker')
    assert.deepEqual(loaded.config.cluster, { host: '::', port: 7401, address: 'node-a:7401' })
    const shown = (path: string, given = loaded) => explain(given).find(each => each.path === path)?.value
    assert.equal(shown('nats'), 'nats://ann:***@n:4222')
    assert.equal(shown('nats', load({ flags: { database, nats: 'tls://token@n' } })), 'tls://***@n')
  })

  for (const [flags, why] of [
    [{ role: 'api' }, /the role api needs a database/],
    [{ nats: 'nats://n' }, /nats needs a database/],
    [{ clusterAddress: 'a:1' }, /cluster.address needs a database/],
    [{ database, role: 'worker' }, /the role worker needs public_url/],
    [{ database, role: 'none' }, /one of both, api, worker/],
    [{ database, nats: 'http://n' }, /--nats must be a URL such as nats/],
    [{ database, clusterListen: 'somewhere:1' }, /--cluster-listen must be an IP address and a port/],
    [{ database, clusterListen: '127.0.0.1' }, /--cluster-listen/],
    [{ database, clusterAddress: 'a:0' }, /--cluster-address must be a host and a port/],
  ] as const)
    test(`are refused as ${JSON.stringify(flags)}`, () => refuses({ flags }, why))
})

describe('providers of the guardrails', () => {
  const http = { kind: 'http', url: 'http://127.0.0.1:5001/look' }
  const onnx = { kind: 'onnx', path: 'model', metric: 'injection', labels: { BAD: 'prompt-injection' } }

  test('are a mapping in a file, and JSON elsewhere', () => {
    const yaml = `settings: { guardrails: { budget: 2s, providers: { moderation: ${JSON.stringify(http)} } } }`
    const flags = { guardrailsProviders: JSON.stringify({ moderation: http }) }
    const { providers } = load({ flags }).config.guardrails
    assert.deepEqual(load({ yaml }).config.guardrails, { budget: 2_000, providers })
    assert.deepEqual(providers['moderation'], {
      ...http,
      stages: ['arguments', 'result', 'model_input', 'model_output'],
      longest: 100_000,
      report_from: 0.5,
      dialect: 'castellan',
      model: null,
      token: null,
      ca: null,
      allow_private: false,
      text: 'redacted',
    })
    assert.equal(explain(load({ flags })).find(({ path }) => path === 'guardrails.providers')?.value, 'moderation')
  })

  for (const [provider, why] of [
    [{ ...http, url: 'ftp://x' }, /providers.*; m\.url: must be an http or https URL/],
    [{ ...http, url: 'https://user:hunter2@x/' }, /m\.url/],
    [{ ...http, token: 'hunter2' }, /m\.token: must be env:NAME or secret:NAME/],
    [{ ...http, stages: [] }, /m\.stages/],
    [{ ...http, dialect: 'openai' }, /providers\.m needs model/],
    [{ ...onnx, labels: {} }, /m\.labels: must name a label/],
    [{ ...onnx, metric: 'weather' }, /m\.metric/],
    [{ kind: 'magic' }, /m\.kind/],
  ] as const)
    test(`are refused when one is ${JSON.stringify(provider)}`, () => {
      const given = { flags: { guardrailsProviders: JSON.stringify({ m: provider }) } }
      refuses(given, why)
      assert.throws(
        () => load(given),
        (error: Error) => !error.message.includes('hunter2'),
      )
    })

  test('that are not JSON are refused without showing them', () => {
    refuses(
      { variables: { CASTELLAN_GUARDRAILS_PROVIDERS: '{hunter2' } },
      /PROVIDERS must be a mapping of names to providers[^2]*$/,
    )
  })
})
