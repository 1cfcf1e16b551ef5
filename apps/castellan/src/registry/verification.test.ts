import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ToolSettings, Verification } from './server.ts'
import { checkVerifications, verificationOf } from './verification.ts'

const how: Verification = {
  tool: 'look',
  args: { id: '=args.id', plain: 'x' },
  happened: '=result.found',
  result: null,
  after: 0,
}
const problemIn = async (expression: string) => (expression.includes('(') ? 'it is not closed' : null)
const check = (tools: Readonly<Record<string, ToolSettings>>) => checkVerifications(tools, problemIn)

test('a call is verified by the tool that was named for its own', () => {
  const servers = [
    { name: 'other', tools: { act: {} } },
    { name: 'ledger', tools: { act: { verify: how }, look: { effect: 'read' } } },
  ] as const
  assert.deepEqual(verificationOf(servers, 'ledger__act'), { how, asks: 'ledger__look' })
  assert.equal(verificationOf(servers, 'other__act'), null)
  assert.equal(verificationOf(servers, 'ledger__look'), null)
})

test('what is said of it is checked when it is said', async () => {
  const look: ToolSettings = { effect: 'read' }
  await check({ act: { verify: how }, look })
  for (const [tools, message] of [
    [{ act: { verify: how } }, /tools\.act\.verify\.tool: "look" is asked without a person/],
    [{ act: { verify: how }, look: { effect: 'unsafe' } }, /tools\.act\.verify\.tool: /],
    [
      { look, act: { verify: { ...how, args: { list: ['=('] } } } },
      /verify\.args\.list\.0: is no expression: it is not/,
    ],
    [
      { look, act: { verify: { ...how, happened: 'true' } } },
      /verify\.happened: is an expression, and begins with "="/,
    ],
    [{ look, act: { verify: { ...how, result: '=(' } } }, /verify\.result: is no expression/],
  ] as const)
    await assert.rejects(check(tools), { code: 'REQUEST_INVALID', message })
})
