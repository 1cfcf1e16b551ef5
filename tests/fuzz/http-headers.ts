import assert from 'node:assert/strict'
import fc from 'fast-check'
import { eras } from '../support/raw-mcp.ts'
import { judge, made } from './answers.ts'
import { json, openDoor } from './door.ts'
import { messages } from './inputs/messages.ts'
import { type Target, trial } from './target.ts'

export const httpHeaders: Target = {
  name: 'http-headers',
  promise: 'whatever stands in the headers of a request to /mcp, it is answered, and lets nobody in',
  runs: 80,
  async open() {
    const door = await openDoor()
    return trial(
      requests,
      async ({ method, path, message, headers: odd, authorization, sessionId, about }) => {
        const given: Record<string, string | readonly string[] | undefined> = {
          ...json,
          ...(about ? repeated(message) : {}),
          authorization: withKeys(authorization),
          'mcp-session-id': sessionId === 'ours' ? await door.session() : sessionId,
          ...Object.fromEntries(odd),
        }
        const before = door.reached()

        const body = method === 'POST' ? Buffer.from(JSON.stringify(message)) : null
        const answer = await door.send({ method, path, headers: given, body })

        const calls = made(judge(answer, message))
        assert.equal(door.reached() - before, calls, 'calls that were made, and calls that were answered')
        if (authorization !== 'Bearer ADMIN') assert.equal(calls, 0, 'somebody without the right key called a tool')
        const tenant = given['x-tenant-id']
        if (typeof tenant === 'string' && tenant.trim() !== 'default')
          assert.equal(calls, 0, 'somebody called a tool in a tenant that is not theirs')
      },
      () => door.close(),
    )

    function withKeys(authorization: string | undefined): string | undefined {
      return authorization?.replaceAll('ADMIN', door.castellan.key).replaceAll('STRANGER', door.strangersKey)
    }
  },
}

const visible = fc.string({
  unit: fc.constantFrom(...'abcXYZ019 \t-_.,;:=?*/"\'()<>@[]{}%$#&+!~\u00e4\u00ff'.split('')),
  maxLength: 30,
})
const oneOf = (...values: readonly string[]) => fc.oneof(fc.constantFrom(...values), visible)
const repeatable = (value: fc.Arbitrary<string>): fc.Arbitrary<string | readonly string[]> =>
  fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.array(value, { minLength: 2, maxLength: 3 }) })

/** Headers that mean something to somebody on the way, and what may stand in them. */
const meanings: Readonly<Record<string, fc.Arbitrary<string | readonly string[]>>> = {
  accept: repeatable(oneOf('', '*/*', 'text/event-stream', 'application/json', 'application/json;q=0', 'text/html')),
  'content-type': oneOf(
    '',
    'application/json; charset=utf-16',
    'application/json;',
    'text/plain',
    'APPLICATION/JSON',
    'x',
  ),
  'content-encoding': oneOf('gzip', 'identity', 'br'),
  'mcp-protocol-version': repeatable(oneOf('2025-11-25', '2025-03-26', '2026-07-28', '2024-11-05', '2099-01-01', '')),
  'mcp-method': repeatable(oneOf('tools/call', 'tools/list', 'ping', '')),
  'mcp-name': repeatable(
    oneOf('mirror__mirror', '=?base64?bWlycm9yX19taXJyb3I=?=', '=?base64?*?=', '=?base64?/w==?=', '=?base64?', ''),
  ),
  'mcp-param-text': repeatable(oneOf('loud', '=?base64?bG91ZA==?=', '=?base64?gA==?=', '')),
  'mcp-param-times': repeatable(oneOf('2', '2.0', '02', '2e0', 'two', '')),
  'mcp-param-': oneOf('x'),
  'last-event-id': repeatable(oneOf('1-1', '0-0', '1-999999999999', '999999999-1', '-1--1', '1-', '1e9-1', '')),
  'x-tenant-id': repeatable(oneOf('default', 'other', '', '__proto__', '*', 'default,other')),
  'x-correlation-id': oneOf('c', '', 'x'.repeat(500)),
  'x-forwarded-host': oneOf('evil.example'),
  origin: oneOf('http://127.0.0.1', 'http://evil.example', 'null', '', 'http://127.0.0.1.evil.example'),
  host: oneOf('127.0.0.1', 'evil.example', 'localhost:1', '', '127.0.0.1.evil.example'),
  traceparent: oneOf('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0'),
  cookie: oneOf('a=b'),
}

const requests = fc.record({
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constant('POST') },
    fc.constantFrom('GET', 'DELETE', 'PUT', 'HEAD', 'OPTIONS'),
  ),
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constant('/mcp') },
    fc.constantFrom(
      '/mcp/servers/mirror',
      '/mcp/groups/none',
      '/mcp?tools=search',
      '/mcp?tools=x&tools=y',
      '/mcp?tools[]=%00',
      '/mcp?%',
    ),
  ),
  message: fc.constantFrom(...eras).chain(messages),
  about: fc.boolean(),
  authorization: fc.oneof(
    { weight: 6, arbitrary: fc.constant('Bearer ADMIN') },
    fc.constantFrom(
      undefined,
      '',
      'Bearer',
      'Bearer STRANGER',
      'Basic ADMIN',
      'ADMIN',
      'Bearer ADMINx',
      'Bearer x.y.z',
      'Bearer ADMIN, Bearer STRANGER',
    ),
    visible,
  ),
  sessionId: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<string | undefined>('ours', undefined) },
    oneOf('', '00000000-0000-0000-0000-000000000000', '__proto__'),
  ),
  headers: fc.uniqueArray(
    fc.constantFrom(...Object.keys(meanings)).chain(name => fc.tuple(fc.constant(name), meanings[name]!)),
    { selector: ([name]) => name, maxLength: 4 },
  ),
})

/** What an honest client of 2026 repeats of its message in headers. */
function repeated(message: unknown): Record<string, string> {
  const { method, params } = message as { method?: string; params?: { name?: string; uri?: string } }
  const name = params?.name ?? params?.uri
  return {
    'mcp-protocol-version': '2026-07-28',
    ...(method === undefined ? {} : { 'mcp-method': method }),
    ...(name === undefined ? {} : { 'mcp-name': name }),
    'mcp-param-text': 'loud',
    'mcp-param-times': '2',
  }
}
