import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ControlPlane, controlPlane, serverProgram } from '../../../../../tests/support/control-plane.ts'
import { type Answer, ask } from './fixtures/asking.ts'

/** One for each place, so that a leak says where it came from. */
const planted = {
  env: 'PLANTED-env-5d1c8a7e',
  header: 'PLANTED-header-9f20b3c4',
  openapi: 'PLANTED-openapi-77aa01ef',
  stored: 'PLANTED-stored-1b5e6f90',
  replaced: 'PLANTED-replaced-c0ffee42',
  manifest: 'PLANTED-manifest-64d2e8b1',
  refused: 'PLANTED-refused-3a9b7c55',
  blurted: 'PLANTED-blurted-8e4f1d02',
  misplaced: 'PLANTED-misplaced-aa31bb47',
} as const

let castellan: ControlPlane
const answers: Answer[] = []
const tell = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await ask(castellan, method, path, body === undefined ? {} : { body })
  answers.push(answer)
  return answer
}
const node = (...args: string[]) => ({ transport: 'stdio', command: process.execPath, args, trusted: true })

before(async () => {
  castellan = await controlPlane({ logLevel: 'debug' })
})
after(() => castellan[Symbol.asyncDispose]())

test('the value of a secret never comes back: in no answer, log line, journal entry or file', async () => {
  const made = async (method: string, path: string, body?: unknown, expected = 200) => {
    const answer = await tell(method, path, body)
    assert.equal(answer.status, expected, answer.text)
    return JSON.parse(answer.text || 'null') as { id: string; plaintext: string }
  }
  await made('PUT', '/api/secrets/shared', { value: planted.stored }, 204)
  const everything = { name: 'everything', ...node(serverProgram('everything')) }
  const env = { TOKEN: planted.env, SHARED: { secret: 'shared' } }
  await made('POST', '/api/mcp-servers', { ...everything, env }, 201)
  await made('PUT', '/api/mcp-servers/everything', { ...everything, env: { ...env, TOKEN: planted.replaced } })
  const dead = { url: 'http://127.0.0.1:9/mcp', allow_unhealthy: true }
  const headers = (value: string) => ({ headers: { Authorization: `Bearer ${value}` } })
  await made(
    'POST',
    '/api/mcp-servers',
    { name: 'far', transport: 'streamable-http', ...dead, ...headers(planted.header) },
    201,
  )
  const document = { document: 'http://127.0.0.1:9/openapi.json', allow_unhealthy: true }
  await made(
    'POST',
    '/api/mcp-servers',
    { name: 'shop', transport: 'openapi', ...document, ...headers(planted.openapi) },
    201,
  )
  const manifest = { servers: [{ name: 'kept', ...node('-e', ''), env: { TOKEN: planted.manifest } }] }
  for (const dry_run of [true, false]) await made('POST', '/api/apply', { manifest, dry_run, allow_unhealthy: true })

  // Refused for one reason or another: the values were read all the same.
  await tell('POST', '/api/mcp-servers', { name: 'far', transport: 'sse', ...dead, ...headers(planted.refused) })
  await tell('POST', '/api/mcp-servers', { name: 'x', transport: 'sse', ...dead, headers: { X: [planted.refused] } })
  await tell('POST', '/api/mcp-servers', { name: 'x', transport: planted.refused, env: { X: planted.refused } })
  await tell('PUT', '/api/secrets/shared', { valeu: planted.refused })
  await tell('PUT', '/api/secrets/shared', { value: { of: planted.refused } })
  await tell('POST', '/api/mcp-servers', { name: 'x', ...node('-e', ''), env: { A: planted.refused } })
  // A server that tells what it was given as it dies.
  const blurting = node('-e', 'console.error(process.env.TOKEN, btoa(process.env.TOKEN)); process.exit(3)')
  for (const name of ['blurt', 'blurts']) {
    const server = { name, ...blurting, env: { TOKEN: planted.blurted }, allow_unhealthy: name === 'blurts' }
    const { text } = await tell('POST', '/api/mcp-servers', server)
    assert.match(text, /REDACTED|\[redacted\]|…|exit/i)
  }
  // Where a name belongs, or nothing at all.
  await tell('PUT', `/api/secrets/${encodeURIComponent(`${planted.misplaced} `)}`, { value: 'x' })
  await tell('POST', `/api/${planted.misplaced}`)
  await tell('GET', '/api/grants?limit=' + planted.misplaced)
  await tell('POST', '/api/calls', { name: 'x', [`${planted.misplaced} `]: 1 })

  const { id } = await made('POST', '/api/principals', { name: 'bot', kind: 'agent' }, 201)
  const { plaintext } = await made('POST', '/api/keys', { principal: id, name: 'k', scopes: ['read'] }, 201)
  answers.pop()
  await ask(castellan, 'GET', '/api/grants', { key: plaintext })
  await ask(castellan, 'GET', '/api/grants', { key: `${plaintext}x` })
  await tell('POST', '/api/calls', { name: 'everything__echo', args: { message: 'hello' } })

  for (const path of [
    'mcp-servers',
    'mcp-servers/everything',
    'mcp-servers/far',
    'mcp-servers/blurts',
    'capabilities',
    'grants',
    'keys',
    'calls',
    'journal?limit=500',
    'openapi.json',
  ]) {
    assert.equal((await tell('GET', `/api/${path}`)).status, 200)
  }
  await tell('GET', '/metrics')
  await tell('POST', '/api/mcp-servers/blurts/health-check')
  await tell('POST', '/api/mcp-servers/far/health-check')
  await castellan.stop()

  const values = [...Object.values(planted), plaintext, castellan.key]
  const forms = values.flatMap(value => [value, Buffer.from(value).toString('base64').replace(/=+$/, '')])
  const seen = (text: string) => forms.filter(form => text.includes(form))
  for (const { text, headers: back } of answers) {
    assert.deepEqual(seen(text), [], text)
    assert.deepEqual(seen(JSON.stringify(back)), [])
  }
  assert.ok(castellan.log.length > 5)
  for (const line of castellan.log) assert.deepEqual(seen(line), [], line)
  const files = (await readdir(castellan.folder, { recursive: true, withFileTypes: true })).filter(each =>
    each.isFile(),
  )
  assert.ok(
    files.some(({ name }) => name.includes('.db')),
    files.map(({ name }) => name).join(),
  )
  for (const { parentPath, name } of files) {
    if (name === 'admin.key') continue
    assert.deepEqual(seen(await readFile(join(parentPath, name), 'latin1')), [], name)
  }
})
