import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { problem } from '@castellan/contracts'
import { type ControlPlane, controlPlane } from '../../../../../tests/support/control-plane.ts'
import { type Answer, ask, type Asked } from './fixtures/asking.ts'

const MAX_BODY = 65_536
/** Sent wherever a value is wrong; no answer may hold it. Names of what is not there are told. */
const SENT = 'sent-7f3e'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane({ maxBody: '64 KiB' })
})
after(() => castellan[Symbol.asyncDispose]())

type Row = readonly [what: string, method: string, path: string, asked: Asked, expected: RegExp, status?: number]

const ID = '01932c07-209d-7a51-9b2e-5a8d7c1f3e64'
const server = { name: 'files', transport: 'stdio', command: 'true' }
const remote = { name: 'files', transport: 'sse', url: 'http://127.0.0.1:9/' }
const json = { 'content-type': 'application/json' }

const bodies: readonly Row[] = [
  [
    'a transport that does not exist',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, transport: SENT } },
    /\/transport must be one of "stdio", "streamable-http"/,
  ],
  [
    'a transport of the wrong type',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, transport: 5 } },
    /\/transport must be one of "stdio"/,
  ],
  ['no transport', 'POST', '/api/mcp-servers', { body: { name: 'files' } }, /\/transport must be one of "stdio"/],
  [
    'a setting of another transport',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, url: SENT } },
    /unknown field "url"; allowed are name, /,
  ],
  [
    'a name that cannot begin a tool name',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, name: `A__${SENT}` } },
    /\/name must be 1 to 24 of a-z/,
  ],
  [
    'a secret of no known form',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, env: { 'A/B~C': { value: SENT } } } },
    /\/env\/A~1B~0C must be text, \{"secret"/,
  ],
  [
    'a secret that is a list',
    'POST',
    '/api/mcp-servers',
    { body: { ...remote, headers: { X: [SENT] } } },
    /\/headers\/X must be text/,
  ],
  [
    'a stored secret with a wrong mask',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, env: { A: { secret: 'x', masked: SENT } } } },
    /\/env\/A\/masked must be true/,
  ],
  [
    'a duration without a unit',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, timeouts: { call: `30${SENT}` } } },
    /\/timeouts\/call must be a whole number and a unit/,
  ],
  [
    'a duration no timer can count',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, probe_every: '99999999d' } },
    /\/probe_every must be a whole number and a unit from 1ms to 24d/,
  ],
  [
    'a duration of nothing',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, probe_every: '0s' } },
    /\/probe_every must be/,
  ],
  [
    'a NUL in an argument',
    'POST',
    '/api/mcp-servers',
    { body: { ...server, args: [`${SENT}\0`] } },
    /\/args\/0 must not hold a NUL/,
  ],
  [
    'too many endpoints',
    'POST',
    '/api/mcp-servers',
    { body: { name: 'f', transport: 'sse', endpoints: Array(65).fill('http://a') } },
    /\/endpoints must have at most 64 items/,
  ],
  [
    'both url and endpoints',
    'POST',
    '/api/mcp-servers',
    { body: { ...remote, endpoints: ['http://127.0.0.1:9/'] } },
    /either "url" or "endpoints"/,
  ],
  [
    'an address of another scheme',
    'POST',
    '/api/mcp-servers',
    { body: { ...remote, url: 'ftp://127.0.0.1/' } },
    /is not a URL with http/,
  ],
  [
    'an address with a password',
    'POST',
    '/api/mcp-servers',
    { body: { ...remote, url: `http://u:${SENT}@127.0.0.1/` } },
    /holds credentials/,
  ],
  [
    'a version that is no number',
    'PUT',
    '/api/mcp-servers/files',
    { body: { ...server, version: SENT } },
    /\/version must be a number|\/version must be a whole number/,
  ],
  [
    'an unknown role',
    'POST',
    '/api/grants',
    { body: { to: { role: SENT }, server: '*', primitive_type: 'tool', name: '*' } },
    /\/to\/role must be one of "admin", "auditor", "operator", "member"/,
  ],
  [
    'a recipient of no known form',
    'POST',
    '/api/grants',
    { body: { to: SENT, server: '*', primitive_type: 'tool', name: '*' } },
    /\/to must be \{"role": …\} or \{"principal": <id>\}/,
  ],
  [
    'a recipient that is no id',
    'POST',
    '/api/grants',
    { body: { to: { principal: SENT }, server: '*', primitive_type: 'tool', name: '*' } },
    /\/to\/principal must be an id/,
  ],
  [
    'a template, which cannot be granted',
    'POST',
    '/api/grants',
    { body: { to: { role: 'member' }, server: '*', primitive_type: 'template', name: '*' } },
    /\/primitive_type must be one of "tool", "resource", "prompt"/,
  ],
  ['members that are no list', 'PUT', '/api/groups/all', { body: { members: SENT } }, /\/members must be a list/],
  ['a group without members', 'PUT', '/api/groups/all', { body: {} }, /\/members is missing; it must be a list/],
  [
    'a group name with a slash',
    'PUT',
    `/api/groups/a%2F${SENT}`,
    { body: { members: [] } },
    /the path: \/name must be/,
  ],
  [
    'limits for nobody we know of',
    'PUT',
    '/api/limits/x',
    { body: { to: 'all' } },
    /\/to must be "everyone", \{"role"/,
  ],
  [
    'limits of a negative rate',
    'PUT',
    '/api/limits/x',
    { body: { per_tool: { calls: -1, per: '1s' } } },
    /\/per_tool\/calls must be at least 1/,
  ],
  [
    'limits with a name of two lines',
    'PUT',
    '/api/limits/a%0Ab',
    { body: {} },
    /\/name must not hold control characters/,
  ],
  [
    'policies in a file of an odd name',
    'PUT',
    '/api/policies',
    { body: { files: { '../x.cedar': SENT } } },
    /\/files\/\.\.~1x\.cedar has a name that is no plain file name/,
  ],
  [
    'policies that are no policies',
    'PUT',
    '/api/policies',
    { body: { files: { 'x.cedar': 'permit nonsense' } } },
    /policy set is not valid: x\.cedar/,
  ],
  ['a policy check without files', 'POST', '/api/policies/check', { body: {} }, /\/files is missing/],
  ['an empty secret', 'PUT', '/api/secrets/x', { body: { value: '' } }, /\/value must have at least 1 character/],
  [
    'a secret under an odd name',
    'PUT',
    '/api/secrets/a%20b',
    { body: { value: SENT } },
    /the path: \/name must be 1 to 100 letters/,
  ],
  ['a tenant that fits no URL', 'POST', '/api/tenants', { body: { id: 'Not A Label' } }, /tenant name/],
  [
    'suspending with a word',
    'PUT',
    '/api/tenants/default',
    { body: { suspended: 'yes' } },
    /\/suspended must be true or false/,
  ],
  [
    'a principal of an unknown kind',
    'POST',
    '/api/principals',
    { body: { name: 'x', kind: SENT } },
    /\/kind must be one of "user"/,
  ],
  [
    'a principal with five roles',
    'POST',
    '/api/principals',
    { body: { name: 'x', kind: 'user', roles: Array(5).fill('member') } },
    /\/roles must have at most 4 items/,
  ],
  [
    'a key without scopes',
    'POST',
    '/api/keys',
    { body: { principal: ID, name: 'x', scopes: [] } },
    /\/scopes must have at least 1 item/,
  ],
  [
    'a key that ends at an odd time',
    'POST',
    '/api/keys',
    { body: { principal: ID, name: 'x', scopes: ['mcp'], expires_at: SENT } },
    /\/expires_at must be a time in UTC/,
  ],
  [
    'arguments that are a list',
    'POST',
    '/api/calls',
    { body: { name: 'x', args: [SENT] } },
    /\/args must be an object/,
  ],
  ['a call of no name', 'POST', '/api/calls', { body: { args: {} } }, /\/name is missing; it must be text/],
  [
    'an idempotency key of two words',
    'POST',
    '/api/calls',
    { body: { name: 'x', idempotency_key: 'a b' } },
    /\/idempotency_key must be 1 to 128 visible/,
  ],
  ['a patience without end', 'POST', '/api/calls', { body: { name: 'x', timeout: '999999999d' } }, /\/timeout must be/],
  [
    'a field no schema would keep',
    'POST',
    '/api/calls',
    { raw: '{"name":"x","args":{"\\u005f_proto__":{"a":1}}}', headers: json },
    /no field may be named "__proto__"/,
  ],
  [
    'a manifest with an unknown section',
    'POST',
    '/api/apply',
    { body: { manifest: { serverz: [] } } },
    /\/manifest has the unknown field "serverz"; allowed are/,
  ],
  [
    'a manifest that declares a server twice',
    'POST',
    '/api/apply',
    { body: { manifest: { servers: [server, server] } } },
    /server "files" is declared twice/,
  ],
  [
    'a manifest that grants to a stranger',
    'POST',
    '/api/apply',
    {
      body: { manifest: { grants: [{ to: { principal: 'nobody' }, server: '*', primitive_type: 'tool', name: '*' }] } },
    },
    /no principal is named "nobody"/,
  ],
]

const queries: readonly Row[] = [
  ['a limit of nothing', 'GET', '/api/mcp-servers?limit=0', {}, /the query: \/limit must be at least 1/],
  ['a limit beyond the most', 'GET', '/api/keys?limit=501', {}, /\/limit must be at most 500/],
  ['a limit in words', 'GET', `/api/grants?limit=${SENT}`, {}, /\/limit must be a number/],
  ['a parameter given twice', 'GET', '/api/groups?after=a&after=b', {}, /\/after must be text/],
  ['a parameter nobody knows', 'GET', `/api/limits?page=${SENT}`, {}, /unknown field "page"; allowed are after, limit/],
  ['a parameter where there are none', 'GET', '/api/policies?x=1', {}, /unknown field "x"; none is allowed/],
  [
    'a parameter with an unspeakable name',
    'GET',
    `/api/policies?%00${SENT}=1`,
    {},
    /unknown field with an unusual name/,
  ],
  ['a NUL in a filter', 'GET', '/api/calls?principal=%00', {}, /\/principal must not hold control characters/],
  ['a call that is no id', 'GET', `/api/calls?after=${SENT}`, {}, /"after" must be the id of a call/],
  ['a topic that is none', 'GET', '/api/journal?topic=call..x', {}, /\/topic must be a topic/],
  ['an offset below nothing', 'GET', '/api/journal/tail?after=-1', {}, /\/after must be at least 0/],
  ['an offset that is a fraction', 'GET', '/api/journal?after=1.5', {}, /\/after must be a whole number/],
  [
    'a primitive nobody offers',
    'GET',
    `/api/capabilities?primitive_type=${SENT}`,
    {},
    /must be one of "tool", "resource", "template", "prompt"/,
  ],
  ['no words', 'GET', '/api/tools/search', {}, /\/q is missing; it must be text/],
  ['empty words', 'GET', '/api/tools/search?q=', {}, /\/q must have at least 1 character/],
  [
    'a text instead of words',
    'GET',
    `/api/tools/search?q=${'a'.repeat(401)}`,
    {},
    /\/q must have at most 400 characters/,
  ],
  ['two lines of words', 'GET', '/api/tools/search?q=a%0Ab', {}, /\/q must not hold control characters/],
  ['no tools wanted', 'GET', '/api/tools/search?q=a&limit=0', {}, /\/limit must be at least 1/],
  ['more tools than anybody reads', 'GET', '/api/tools/search?q=a&limit=101', {}, /\/limit must be at most 100/],
  [
    'definitions in a word',
    'GET',
    `/api/tools/search?q=a&definitions=${SENT}`,
    {},
    /\/definitions must be one of "true", "false"/,
  ],
  [
    'a page of what has none',
    'GET',
    '/api/tools/search?q=a&after=b',
    {},
    /unknown field "after"; allowed are q, limit, server, definitions/,
  ],
]

const things: readonly Row[] = (
  [
    ['GET', '/api/mcp-servers/:x'],
    ['PUT', '/api/mcp-servers/:x', { ...server, command: 'true' }],
    ['DELETE', '/api/mcp-servers/:x'],
    ['POST', '/api/mcp-servers/:x/health-check'],
    ['POST', '/api/mcp-servers/:x/discover'],
    ['GET', '/api/mcp-servers/:x/capabilities'],
    ['DELETE', '/api/grants/:x'],
    ['GET', '/api/groups/:x'],
    ['DELETE', '/api/groups/:x'],
    ['DELETE', '/api/limits/:x'],
    ['GET', '/api/budgets/:x'],
    ['DELETE', '/api/budgets/:x'],
    ['GET', '/api/budgets/:x/usage'],
    ['DELETE', '/api/prices/:x'],
    ['PUT', '/api/admin/tenants/:x', {}],
    ['GET', '/api/admin/tenants/:x/budget'],
    ['PUT', '/api/tenants/:x', { description: '' }],
    ['PUT', '/api/principals/:x', { name: 'y' }],
    ['DELETE', '/api/keys/:x'],
    ['GET', '/api/calls/:x'],
  ] as const
).flatMap(([method, path, body]) =>
  ['nobody', ID, '%00', 'a%2Fb', '%2e%2e', '%F0%9F%98%80', "'%20or%201=1--", 'a'.repeat(500)].map((name): Row => [
    `"${name.slice(0, 20)}"`,
    method,
    path.replace(':x', name),
    body === undefined ? {} : { body },
    /There is no [\w ]+ "/,
    404,
  ]),
)

const transport: readonly Row[] = [
  ['no body', 'POST', '/api/grants', { raw: '', headers: json }, /the body is missing; it must be an object/],
  ['a body that is null', 'POST', '/api/grants', { raw: 'null' }, /the body is missing/],
  ['a body that is a list', 'POST', '/api/calls', { raw: '[]' }, /the body must be an object/],
  ['a body that is text', 'PUT', '/api/secrets/x', { raw: `"${SENT}"` }, /the body must be an object/],
  ['half a body', 'POST', '/api/calls', { raw: `{"name":"${SENT}` }, /not strict JSON: a string is not closed/],
  ['a key twice', 'POST', '/api/calls', { raw: '{"name":"a","name":"b"}' }, /appears twice/],
  ['nesting without end', 'POST', '/api/calls', { raw: '{"args":'.repeat(5_000) }, /nested deeper than 128/],
  ['half a character', 'POST', '/api/calls', { raw: '{"name":"\\ud800"}' }, /lone surrogate/],
  [
    'a number that loses digits',
    'POST',
    '/api/calls',
    { raw: '{"name":"x","args":{"n":12345678901234567890}}' },
    /beyond 2\^53/,
  ],
  [
    'fifty thousand mistakes',
    'POST',
    '/api/grants',
    { raw: `{${Array.from({ length: 5_000 }, (_, n) => `"x${n}":1`).join(',')}}` },
    /unknown fields "x0"/,
  ],
  [
    'a body of another type',
    'POST',
    '/api/calls',
    { raw: SENT, headers: { 'content-type': 'text/plain' } },
    /must be JSON; send "Content-Type/,
    415,
  ],
  [
    'a form',
    'POST',
    '/api/calls',
    { raw: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    /must be JSON/,
    415,
  ],
  [
    'a type that is none',
    'POST',
    '/api/calls',
    { raw: '{}', headers: { 'content-type': '\t;;' } },
    /must be JSON/,
    415,
  ],
  [
    'a body over the limit',
    'POST',
    '/api/calls',
    { raw: `{"name":"${'x'.repeat(MAX_BODY)}"}` },
    /larger than 65536 bytes/,
    413,
  ],
  ['a path that is no text', 'GET', '/api/mcp-servers/%ff', {}, /the path is not valid percent-encoded/],
  ['half a percent', 'GET', '/api/groups/%', {}, /the path is not valid percent-encoded/],
  ['a part longer than anything has', 'GET', `/api/groups/${'a'.repeat(600)}`, {}, /too long/],
  ['a path that climbs', 'GET', '/api/mcp-servers/../../health', {}, /nothing at this path/, 404],
  ['a path with double slashes', 'GET', '//api//mcp-servers', {}, /nothing at this path/, 404],
  [
    'a correlation id of two words',
    'GET',
    '/api/grants',
    { headers: { 'x-correlation-id': 'a b' } },
    /X-Correlation-ID must be/,
  ],
  [
    'a correlation id without end',
    'GET',
    '/api/grants',
    { headers: { 'x-correlation-id': 'a'.repeat(129) } },
    /X-Correlation-ID must be/,
  ],
  [
    'a host that is not ours',
    'GET',
    '/api/grants',
    { headers: { host: 'evil.example' } },
    /Host header is not allowed/,
    403,
  ],
  [
    'an origin that is not ours',
    'GET',
    '/api/grants',
    { headers: { origin: 'https://evil.example' } },
    /Origin header is not allowed/,
    403,
  ],
]

const tables = {
  'in a body': bodies,
  'in a query': queries,
  'in the name of a thing': things,
  'in the request itself': transport,
}

for (const [where, rows] of Object.entries(tables)) {
  describe(`what is wrong ${where} is refused clearly`, () => {
    for (const [what, method, path, asked, expected, status = 400] of rows) {
      test(`${method} ${path.slice(0, 60)} with ${what}`, async () => {
        isProblem(await ask(castellan, method, path, asked), status, expected)
        assert.equal((await ask(castellan, 'GET', '/health')).status, 200)
      })
    }
  })
}

test('every mistake is listed with a pointer to its place', async () => {
  const body = { to: { role: SENT }, server: 5, primitive_type: 'tool' }
  const { text } = await ask(castellan, 'POST', '/api/grants', { body })
  assert.deepEqual(JSON.parse(text).errors, [
    { in: 'body', at: '/to/role', message: 'must be one of "admin", "auditor", "operator", "member"' },
    { in: 'body', at: '/server', message: 'must be text' },
    { in: 'body', at: '/name', message: 'is missing; it must be text' },
  ])
})

test('many mistakes make no long answer', async () => {
  const grants = Array.from({ length: 1_000 }, () => ({}))
  const { text } = await ask(castellan, 'POST', '/api/apply', { body: { manifest: { grants } } })
  assert.equal(JSON.parse(text).errors.length, 50)
  assert.ok(text.length < 10_000)
})

function isProblem({ status, headers, text }: Answer, expected: number, detail: RegExp): void {
  assert.equal(status, expected, text)
  assert.equal(headers['content-type'], 'application/problem+json')
  const parsed = problem.strict().parse(JSON.parse(text))
  assert.equal(parsed.status, expected)
  assert.match(parsed.detail, detail)
  assert.ok(!text.includes(SENT), text)
}
