import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isJsonObject } from '../../apps/castellan/src/kernel/index.ts'
import { type Era, eras } from '../support/raw-mcp.ts'
import { judge, made } from './answers.ts'
import { json, openDoor } from './door.ts'
import { messages } from './inputs/messages.ts'
import { mutated } from './inputs/mutation.ts'
import { written } from './inputs/odd-values.ts'
import { torn } from './inputs/torn-text.ts'
import { type Target, trial } from './target.ts'

export const jsonRpcBodies: Target = {
  name: 'json-rpc-bodies',
  promise: 'whatever is posted to /mcp is answered in JSON-RPC, and nothing is called that was not asked for',
  runs: 80,
  async open() {
    const door = await openDoor()
    return trial(
      posted,
      async ({ era, stranger, body }) => {
        const key = stranger ? door.strangersKey : door.castellan.key
        const asked = parsed(body)
        const about = era === '2025' ? await legacy(stranger) : modern(asked)
        const headers = { authorization: `Bearer ${key}`, ...json, ...about }
        const before = door.reached()

        const answer = await door.send({ method: 'POST', path: '/mcp', headers, body })

        const calls = made(judge(answer, asked))
        assert.equal(door.reached() - before, calls, 'calls that were made, and calls that were answered')
        if (stranger) assert.equal(calls, 0, 'a stranger called a tool')
        assert.equal(({} as { polluted?: unknown }).polluted, undefined)
      },
      () => door.close(),
    )

    async function legacy(stranger: boolean): Promise<Record<string, string>> {
      const version = { 'mcp-protocol-version': '2025-11-25' }
      return stranger ? version : { ...version, 'mcp-session-id': await door.session() }
    }
  },
}

const posted = fc.constantFrom(...eras).chain(era =>
  fc.record({
    era: fc.constant<Era>(era),
    stranger: fc.nat(9).map(chance => chance === 9),
    body: fc.oneof(
      { weight: 8, arbitrary: torn(mutated(messages(era)).map(written)) },
      { weight: 1, arbitrary: torn(fc.json({ stringUnit: 'binary' })) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes)) },
    ),
  }),
)

/** What a client of 2026 repeats of its body, so that the body itself is looked at. */
function modern(asked: unknown): Record<string, string> {
  const { method, params } = isJsonObject(asked) ? asked : {}
  const { name, uri, taskId, arguments: args } = isJsonObject(params) ? params : {}
  const headers = Object.entries({
    'mcp-method': method,
    'mcp-name': name ?? uri ?? taskId,
    ...(isJsonObject(args) ? { 'mcp-param-text': args['text'], 'mcp-param-times': args['times'] } : {}),
  }).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, inHeader(String(value))] as const] : [],
  )
  return { 'mcp-protocol-version': '2026-07-28', ...Object.fromEntries(headers) }
}

/** Source: MCP 2026-07-28, transports, encoding of header values. Cut to what an HTTP server takes. */
function inHeader(text: string): string {
  const short = text.slice(0, 1_000)
  return /^[\x21-\x7e]+$/.test(short) ? short : `=?base64?${Buffer.from(short).toString('base64')}?=`
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
