import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'
import { hire } from './fixtures/people.ts'

const server = { name: 'idle', transport: 'stdio', command: 'true', allow_unhealthy: true }
const trigger = {
  name: 'x',
  source: { kind: 'cron', expression: '0 0 30 2 *' },
  starts: { kind: 'workflow', name: 'nothing' },
}
/** A body that a route accepts as far as its schema goes, on names that lead nowhere. */
const bodies: Readonly<Record<string, unknown>> = {
  'POST /api/mcp-servers': { name: 'x', transport: 'websocket', url: 'http://wrong.scheme' },
  'PUT /api/mcp-servers/{id}': server,
  'POST /api/grants': {
    to: { principal: '01932c07-209d-7a51-9b2e-5a8d7c1f3e64' },
    server: '*',
    primitive_type: 'tool',
    name: '*',
  },
  'PUT /api/groups/{name}': { members: [] },
  'PUT /api/limits/{name}': { dry_run: false, to: { role: 'auditor' } },
  'PUT /api/budgets/{name}': { to: { run: 'none' }, unit: 'calls', limit: 1 },
  'PUT /api/prices/{name}': { tools: 'none/*' },
  'PUT /api/admin/tenants/{id}': { description: 'x' },
  'PUT /api/approval-rules/{name}': { tools: ['nothing/*'] },
  'POST /api/approvals/{id}/callback': { token: 'x', decision: 'approve' },
  'PUT /api/policies': { files: { 'x.cedar': 'nonsense' } },
  'POST /api/policies/check': { files: {} },
  'POST /api/pins/{id}/approve': { digest: `sha256:${'0'.repeat(64)}` },
  'POST /api/pins/{id}/reject': { digest: `sha256:${'0'.repeat(64)}` },
  'POST /api/policies/replay': { files: {} },
  'PUT /api/guardrails': {},
  'POST /api/sessions': {},
  'POST /api/sessions/{id}/steps': { role: 'user', input_text: 'x' },
  'POST /api/agents': { name: 'nobody', llm_config: { provider: 'none', model: 'm' } },
  'PUT /api/agents/{id}': { name: 'nobody', llm_config: { provider: 'none', model: 'm' } },
  'POST /api/agents/{id}/assigned-mcp-tools': { assigned_mcp_tools: [] },
  'POST /api/agents/{id}/runs': { user_message: 'x' },
  'POST /api/agent-execution/execute': { agent_id: 'nothing', user_message: 'x' },
  'POST /agent/execute': { agent_id: 'nothing', user_message: 'x' },
  'POST /api/teams': { name: 'nobody', members: [{ agent: 'nobody' }], protocol: { type: 'sequential' } },
  'PUT /api/teams/{id}': { name: 'nobody', members: [{ agent: 'nobody' }], protocol: { type: 'sequential' } },
  'POST /api/teams/{id}/runs': { user_message: 'x' },
  'POST /api/teams/{id}/execute': { user_message: 'x' },
  'POST /teams/{team_id}/execute': { user_message: 'x' },
  'POST /api/runs/{id}/fork': { at: 0 },
  'POST /api/workflows': { source: 'name: nobody' },
  'POST /api/workflows/validate': { source: 'name: nobody' },
  'PUT /api/workflows/{id}': { source: 'name: nobody' },
  'POST /api/workflows/{id}/runs': {},
  'POST /api/workflows/execute': { workflow_id: 'nothing' },
  'POST /workflows/execute': { workflow_id: 'nothing' },
  'POST /api/runs/{id}/steps/{step}/answer': { agrees: true },
  'POST /api/runs/{id}/steps/{step}/settle': { as: 'retry' },
  'POST /api/guardrails/scan': { text: 'x' },
  'PUT /api/secrets/{name}': { value: 'x' },
  'POST /api/tenants': { id: 'Not Allowed' },
  'PUT /api/tenants/{id}': { description: 'x' },
  'POST /api/principals': { name: '!', kind: 'user' },
  'PUT /api/principals/{id}': { name: 'x' },
  'POST /api/keys': { principal: '01932c07-209d-7a51-9b2e-5a8d7c1f3e64', name: 'x', scopes: ['mcp'] },
  'POST /api/calls': { name: 'nothing' },
  'POST /api/events': { type: 'custom.nothing' },
  'POST /api/subscriptions': {
    name: 'x',
    topic: '>',
    webhook: { url: 'https://hooks.example', secret: 'x' },
    start: { after: 1_000_000_000 },
  },
  'PUT /api/subscriptions/{id}': { name: 'x', topic: '>', webhook: { url: 'https://hooks.example', secret: 'x' } },
  'POST /api/subscriptions/{id}/pause': {},
  'POST /api/triggers': trigger,
  'PUT /api/triggers/{id}': trigger,
  'POST /api/apply': { manifest: {} },
}

/** What a route wants to be asked, where it wants something. */
const queries: Readonly<Record<string, string>> = {
  'GET /api/tools/search': '?q=nothing',
  'GET /api/reports': '?since=1d',
}

const people = [
  { who: 'an administrator', roles: ['admin'], scopes: ['mcp', 'read', 'write', 'admin'] },
  { who: 'an administrator with a key that only reads', roles: ['admin'], scopes: ['read'] },
  { who: 'an administrator with a key that only calls', roles: ['admin'], scopes: ['mcp'] },
  { who: 'an administrator with a key that only writes', roles: ['admin'], scopes: ['write'] },
  { who: 'an auditor', roles: ['auditor'], scopes: ['mcp', 'read', 'write', 'admin'] },
  { who: 'an operator', roles: ['operator'], scopes: ['mcp', 'read', 'write', 'admin'] },
  { who: 'a member', roles: ['member'], scopes: ['mcp', 'read', 'write', 'admin'] },
  {
    who: 'an administrator of another tenant',
    roles: ['admin'],
    scopes: ['mcp', 'read', 'write', 'admin'],
    tenant: 'acme',
  },
] as const

/** One row of the page: who may make a request. */
interface Rule {
  readonly method: string
  readonly path: string
  readonly scope: string | null
  readonly roles: readonly string[] | null
  readonly onlyDefault: boolean
}

const rules = rulesOf(readFileSync(new URL('../../../../../docs/reference/rest.md', import.meta.url), 'utf8'))

let castellan: ControlPlane
const keys = new Map<string, string>()
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('POST', '/api/tenants', { id: 'acme' })
  for (const person of people) keys.set(person.who, (await hire(castellan, person)).key)
})
after(() => castellan[Symbol.asyncDispose]())

test('the page has a rule for every route', () => {
  assert.ok(rules.length > 40)
  assert.deepEqual(
    [...Object.keys(bodies), ...Object.keys(queries)].filter(
      route => !rules.some(rule => `${rule.method} ${rule.path}` === route),
    ),
    [],
  )
})

for (const person of people) {
  describe(`${person.who} is let in to what docs/reference/rest.md says, and to nothing else`, () => {
    for (const rule of rules) {
      const { method, path } = rule
      const allowed = allows(rule, person)
      test(`${allowed ? 'may' : 'may not'} ${method} ${path}`, async () => {
        const route = `${method} ${path}`
        const key = keys.get(person.who)!
        // The stream would not end by itself.
        if (path === '/api/journal/tail') return assert.equal(await tailStatus(key), allowed ? 200 : 403)
        const body = bodies[route]
        const { status, text } = await ask(
          castellan,
          method,
          path.replace(/\{\w+\}/, 'nothing') + (queries[route] ?? ''),
          {
            key,
            ...(body === undefined ? {} : { body }),
          },
        )
        const forbidden = status === 403 && JSON.parse(text).code === 'FORBIDDEN'
        assert.equal(forbidden, !allowed, `${status} ${text}`)
        assert.ok(status < 500 || status === 503, text)
      })
    }
  })
}

async function tailStatus(key: string): Promise<number> {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${key}` }
  const { status } = await fetch(`${castellan.url}/api/journal/tail`, { headers, signal: leaving.signal })
  leaving.abort()
  return status
}

function allows({ scope, roles, onlyDefault }: Rule, person: (typeof people)[number]): boolean {
  if (scope === null) return true
  const inScope = (person.scopes as readonly string[]).includes(scope)
  const inRole = roles === null || person.roles.some(role => roles.includes(role))
  return inScope && inRole && !(onlyDefault && 'tenant' in person)
}

function rulesOf(page: string): Rule[] {
  const rows = [...page.matchAll(/^\| `([A-Z]+) (\/[^`]*)` +\| .*? +\| (.*?) +\|$/gm)]
  return rows.map(([, method = '', path = '', who = '']) => {
    if (who === 'anybody') return { method, path, scope: null, roles: null, onlyDefault: false }
    const [, scope = '', roles, tenant] = /^`(\w+)`(?: as ([\w, ]+?))?( of `default`)?$/.exec(who) ?? []
    assert.notEqual(scope, '', `cannot be read: ${who}`)
    return { method, path, scope, roles: roles?.split(/, | or /) ?? null, onlyDefault: tenant !== undefined }
  })
}
