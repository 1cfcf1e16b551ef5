import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Server } from '@castellan/contracts'
import {
  type HttpFixture,
  httpServer,
  json,
} from '../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import {
  type LocalVault,
  localVaultServer,
} from '../../apps/castellan/src/adapters/secrets-vault/fixtures/local-vault.ts'
import { AuthorizationServer } from '../../apps/castellan/src/adapters/upstream-oauth/fixtures/authorization-server.ts'
import { GuardedServer } from '../../apps/castellan/src/adapters/upstream-oauth/fixtures/guarded-server.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { type CastellanProcess, castellanProcessWith } from '../support/castellan-process.ts'
import { serverProgram, until } from '../support/control-plane.ts'

/** One for each place, so that a leak says where it came from. */
const planted = {
  environment: 'PLANTED/environment+5d1c8a7e',
  file: 'PLANTED/file+9f20b3c4',
  vault: 'PLANTED/vault+77aa01ef',
  vaultNeighbour: 'PLANTED/neighbour+1b5e6f90',
  vaultToken: 'PLANTED-vault-token-c0ffee42',
  handedIn: 'PLANTED/handed-in+64d2e8b1',
  stored: 'PLANTED/stored+3a9b7c55',
  userinfo: 'PLANTED-userinfo-8e4f1d02',
  query: 'PLANTED-query-aa31bb47',
  named: 'PLANTED/argument-by-name+0c7d9e21',
  marked: 'PLANTED/argument-by-mark+f5b3a806',
  denied: 'PLANTED/argument-denied+2e6c4d98',
  key: 'PLANTED-bearer-of-nobody-91b7f3aa',
} as const

type Process = CastellanProcess & { readonly said: () => string }

describe('what is secret', () => {
  let folder: string
  let castellan: Process
  let tools: HttpFixture
  let vault: LocalVault
  let authority: AuthorizationServer
  let guarded: GuardedServer
  /** Everything that was answered: REST and command line. */
  const answers: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'castellan-secrets-'))
    await mkdir(join(folder, 'files', 'default'), { recursive: true })
    await writeFile(join(folder, 'files', 'default', 'token'), `${planted.file}\n`)
    vault = await localVaultServer()
    vault.tokens.add(planted.vaultToken)
    vault.put('castellan/default/database', { password: planted.vault, other: planted.vaultNeighbour })
    tools = await toolsThatTell()
    authority = await AuthorizationServer.start()
    guarded = await GuardedServer.start(authority)
    castellan = await start()
  })
  after(async () => {
    await castellan[Symbol.asyncDispose]()
    await vault[Symbol.asyncDispose]()
    await tools.stop()
    await guarded[Symbol.asyncDispose]()
    await authority[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const start = () =>
    castellanProcessWith(
      { FROM_ENVIRONMENT: planted.environment, VAULT_TOKEN: planted.vaultToken },
      join(folder, 'data'),
      '--log-level',
      'debug',
      '--secrets-files',
      join(folder, 'files', '{tenant}'),
      '--secrets-vault-url',
      vault.url,
      '--secrets-vault-token',
      'env:VAULT_TOKEN',
      '--secrets-vault-timeout',
      '500ms',
    )

  async function tell(method: string, path: string, body?: unknown, key = castellan.key): Promise<string> {
    const response = await fetch(`${castellan.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    answers.push(`${method} ${path}\n${text}\n${JSON.stringify([...response.headers])}`)
    return text
  }
  async function cli(...argv: string[]): Promise<void> {
    const variables = { CASTELLAN_URL: castellan.url, CASTELLAN_KEY: castellan.key, CASTELLAN_DATA: folder }
    const { out, err } = await run(argv, { variables })
    answers.push(`castellan ${argv.join(' ')}\n${out}\n${err}`)
  }
  const call = (name: string, args: object, more: object = {}) => tell('POST', '/api/calls', { name, args, ...more })
  const everywhere = {
    ENV: { env: 'FROM_ENVIRONMENT' },
    FILE: { file: 'token' },
    VAULT: { vault: 'database', field: 'password' },
    GIVEN: planted.handedIn,
    STORED: { secret: 'stored' },
  }

  test('reaches the servers it is for', async () => {
    await tell('PUT', '/api/policies', {
      files: {
        'all.cedar':
          '@id("all") permit (principal, action, resource);\n@id("no") forbid (principal, action, resource) when { context.text.hasTag("/deny") };',
      },
    })
    await tell('PUT', '/api/secrets/stored', { value: planted.stored })
    const program = {
      transport: 'stdio',
      command: process.execPath,
      args: [serverProgram('everything')],
      trusted: true,
    }
    await tell('POST', '/api/mcp-servers', { name: 'program', ...program, env: everywhere })
    const headers = Object.fromEntries(Object.entries(everywhere).map(([name, from]) => [`x-${name}`, from]))
    await tell('POST', '/api/mcp-servers', {
      name: 'web',
      transport: 'http-adapter',
      url: tools.url,
      headers,
      tools: Object.fromEntries(['whisper', 'blurt', 'complain', 'mirror'].map(name => [name, { effect: 'read' }])),
      max_attempts: 1,
    })
    const environment = await call('program__get-env', {})
    answers.pop()
    const got = tools.received.at(-1)?.headers ?? {}
    for (const [name, value] of [
      ['ENV', planted.environment],
      ['FILE', planted.file],
      ['VAULT', planted.vault],
      ['GIVEN', planted.handedIn],
      ['STORED', planted.stored],
    ] as const) {
      assert.ok(environment.includes(value), `${name} in the environment`)
      assert.equal(got[`x-${name.toLowerCase()}`], value, `${name} among the headers`)
    }
  })

  test('is handed about while things go wrong', async () => {
    await call('web__whisper', { phrase: planted.marked, password: planted.named, plain: 'x' })
    await call('web__whisper', { phrase: planted.denied, password: planted.denied, deny: 'yes' })
    await call('web__whisper', { phrase: planted.marked }, { dry_run: true })
    await call('web__whisper', { phrase: { not: planted.marked } })
    await call('web__blurt', {})
    await call('web__blurt', {}, { idempotency_key: 'k' })
    for (const key of ['l', 'l']) await call('web__complain', {}, { idempotency_key: key })
    // What is no error is the caller's, but is kept without what is not.
    assert.match(await call('web__mirror', {}, { idempotency_key: 'm' }), /PLANTED/)
    answers.pop()
    assert.doesNotMatch(await call('web__mirror', {}, { idempotency_key: 'm' }), /PLANTED/)
    await call('web__none', { password: planted.named })
    await tell('GET', '/api/calls', undefined, planted.key)
    for (const url of [
      `http://user:${planted.userinfo}@127.0.0.1:9/`,
      `http://127.0.0.1:9/?api_key=${planted.query}`,
      `ftp://user:${planted.userinfo}@127.0.0.1:9/?token=${planted.query}`,
    ])
      await tell('POST', '/api/mcp-servers', { name: 'far', transport: 'http-adapter', url, allow_unhealthy: true })
    await cli('servers', 'add', 'far', '--transport', 'sse', '--endpoint', `http://u:${planted.userinfo}@127.0.0.1:9/`)
    answers.push(answers.pop()!.split('\n').slice(1).join('\n'))

    for (const state of ['sealed', 'gibberish', 'silent', 'open'] as const) {
      vault.state = state
      const spec = { name: `v-${state}`, transport: 'http-adapter', url: tools.url, allow_unhealthy: true }
      await tell('POST', '/api/mcp-servers', {
        ...spec,
        headers: { 'x-vault': { vault: `database/${state}`, field: 'password' } },
      })
    }
    vault.tokens.clear()
    await tell('POST', '/api/mcp-servers/v-open/health-check')
    vault.tokens.add(planted.vaultToken)
    const dying = ['-e', 'console.error(JSON.stringify(process.env), btoa(process.env.GIVEN)); process.exit(3)']
    await tell('POST', '/api/mcp-servers', {
      name: 'dying',
      transport: 'stdio',
      command: process.execPath,
      args: dying,
      env: everywhere,
      allow_unhealthy: true,
    })
    await tell('POST', '/api/mcp-servers', {
      name: 'guarded',
      transport: 'streamable-http',
      url: guarded.url,
      auth: { type: 'oauth' },
    })
    const asked = JSON.parse(await tell('POST', '/api/mcp-servers/guarded/authorize')) as { authorization_url: string }
    const back = await authority.visit(asked.authorization_url)
    answers.push(await (await fetch(back)).text())
    await until(
      'the guarded server',
      async () => JSON.parse(await tell('GET', '/api/mcp-servers/guarded')) as Server,
      ({ health }) => health.status === 'active',
    )
    await call('guarded__look', {})
    await tell('POST', '/api/policies/replay', { files: {} })
    await cli('secrets', 'rotate')
    await cli('policy', 'history')
    await cli('doctor')
  })

  test('is to be found nowhere: no answer, log line, journal, file or list of processes', async () => {
    const { items } = JSON.parse(await tell('GET', '/api/calls?limit=500')) as { items: { id: string }[] }
    assert.ok(items.length > 5)
    for (const { id } of items) {
      await tell('GET', `/api/calls/${id}`)
      await tell('GET', `/api/calls/${id}/decision`)
      await cli('policy', 'explain', id)
    }
    for (const path of ['mcp-servers?limit=500', 'journal?limit=500', 'capabilities', 'policies/history', 'keys'])
      await tell('GET', `/api/${path}`)
    await tell('GET', '/metrics')
    const processes = descendantsOf(castellan.pid)
    assert.ok(processes.length > 1, 'the server of a program runs')
    const keys = await masterKeys(join(folder, 'data'))
    assert.equal(keys.length, 2, 'the earlier master key is there until the next start')
    castellan.signal('SIGTERM')
    await castellan.ended

    const tokens = [...authority.access.keys(), ...authority.tokenRequests.flatMap(each => [each.get('refresh_token'), each.get('code'), each.get('code_verifier')])] // prettier-ignore
    const values = [...Object.values(planted), castellan.key, ...tokens.filter(each => each !== null)]
    assert.ok(tokens.length > 2)
    const looked = [...values.flatMap(writtenAs), ...keys.flatMap(bytesAs)]
    const seen = (text: string) => looked.filter(form => text.includes(form))
    for (const answer of answers) assert.deepEqual(seen(answer), [], answer)
    for (const line of castellan.said().split('\n')) assert.deepEqual(seen(line), [], line)
    for (const { pid, words } of processes) assert.deepEqual(seen(words), [], `${pid}: ${words}`)
    const files = (await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true })).filter(each =>
      each.isFile(),
    )
    assert.ok(files.some(({ name }) => name.endsWith('.db')))
    for (const { parentPath, name } of files) {
      if (name === 'admin.key' || name.startsWith('master.key')) continue
      assert.deepEqual(seen(await readFile(join(parentPath, name), 'latin1')), [], name)
    }
  })

  test('is there all the same after the next start, and the earlier master key is not', async () => {
    castellan = await start()
    assert.equal((await masterKeys(join(folder, 'data'))).length, 1)
    assert.match(await call('web__whisper', { plain: 'x' }), /"outcome":"ok"/)
    assert.equal(tools.received.at(-1)?.headers['x-given'], planted.handedIn)
  })
})

/** A tool server that says what it should not: in errors, and with a status. */
async function toolsThatTell(): Promise<HttpFixture> {
  const phrase = { type: 'string', format: 'password' }
  const definitions = [
    { name: 'whisper', inputSchema: { type: 'object', properties: { phrase } } },
    ...['blurt', 'complain', 'mirror'].map(name => ({ name, inputSchema: { type: 'object' } })),
  ]
  return httpServer(({ url, headers, body }, response) => {
    if (url === '/health') return json(response, {})
    if (url === '/mcp/list_tools') return json(response, { tools: definitions })
    const { tool } = JSON.parse(body) as { tool: string }
    if (tool === 'whisper') return json(response, { content: [{ type: 'text', text: 'heard' }], isError: false })
    if (tool !== 'blurt') {
      return json(response, {
        content: [{ type: 'text', text: JSON.stringify(headers) }],
        isError: tool === 'complain',
      })
    }
    return json(response, { error: { code: -32_000, message: `cannot sign in with ${JSON.stringify(headers)}` } }, 500)
  })
}

/** Every way a value is likely to be written down, in base64 wherever it begins. */
function writtenAs(value: string): string[] {
  const bytes = Buffer.from(value)
  const inBase64 = [0, 1, 2].map(before => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // Without the first and last characters, which hang on what is around.
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 4) / 3) - 1)
  })
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll('/', '\\/'),
    bytes.toString('hex'),
    ...inBase64,
  ]
}

function bytesAs(key: Buffer): string[] {
  return [
    key.toString('latin1'),
    key.toString('hex'),
    key.toString('base64').slice(0, 40),
    key.toString('base64url').slice(0, 40),
  ]
}

async function masterKeys(folder: string): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter(name => name.startsWith('master.key'))
  return Promise.all(names.map(name => readFile(join(folder, name))))
}

/** A process and all it started, with their command lines. */
function descendantsOf(root: number): { pid: number; words: string }[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
  const parentOf = new Map(
    all.map(pid => [pid, Number(/^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0)]),
  )
  const found = new Set([root])
  for (let size = 0; size < found.size;) {
    size = found.size
    for (const [pid, parent] of parentOf) if (found.has(parent)) found.add(pid)
  }
  return Array.from(found, pid => ({ pid, words: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
