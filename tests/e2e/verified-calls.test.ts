import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { CallDetail, Problem, Run, RunLine } from '@castellan/contracts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { controlPlane } from '../support/control-plane.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()

/** Does something once, and can say whether it did. */
const source = `
name: once
nodes:
  - { id: act, type: tool, tool: ledger__act, args: { id: "=input.id" } }
output: "=nodes.act.output.text"
`
const verify = {
  tool: 'look',
  args: { id: '=args.id' },
  happened: '=result.structuredContent.found',
  result: "='seen: ' & text",
}
const ledger = (url: string, how: object = verify) => ({
  name: 'ledger',
  transport: 'http-adapter',
  url,
  tools: { act: { effect: 'unsafe', verify: how }, look: { effect: 'read' } },
})

for (const [store, skip] of [
  ['SQLite', false],
  ['PostgreSQL', postgres.skip],
] as const)
  describe(`a run on ${store} whose control plane is killed`, { skip }, () => {
    test('between an effect and its answer goes on by itself, and the effect took place once', async () => {
      const { output, settled, calls, effects } = await killed(store, 'done')
      assert.equal(output, 'seen: did it')
      assert.deepEqual([settled.data['as'], settled.data['by']], ['happened', 'probe'])
      assert.deepEqual([effects, calls], [1, 1])
    })

    test('before the effect makes the call again by itself, and the effect takes place once', async () => {
      const { output, settled, calls, effects } = await killed(store, 'asked')
      assert.equal(output, 'did it')
      assert.deepEqual([settled.data['as'], settled.data['by']], ['retry', 'probe'])
      assert.deepEqual([effects, calls], [1, 2])
    })
  })

describe('a call in doubt', () => {
  test('is for a person when whoever the run acts for may not ask the tool that could say it', async () => {
    await using server = await ledgerServer(response => void response.destroy())
    await using castellan = await controlPlane()
    await castellan.ask('POST', '/api/mcp-servers', ledger(server.url))
    const { files } = await castellan.ask<{ files: Record<string, string> }>('GET', '/api/policies')
    const forbid = '@id("no-look") forbid (principal, action, resource == Capability::"ledger/look");'
    await castellan.ask('PUT', '/api/policies', { files: { ...files, 'look.cedar': forbid } })
    const { id } = await begin(castellan)
    const parked = await settling(
      () => castellan.ask<Run>('GET', `/api/runs/${id}`),
      ({ state }) => state === 'parked',
    )
    assert.deepEqual(parked.in_doubt, ['act'])
    const { items } = await castellan.ask<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines`)
    const { type, data } = items.at(-1)!
    assert.deepEqual([type, data['outcome'], data['again']], ['tool.probed', 'denied_policy', false])
    await castellan.ask('POST', `/api/runs/${id}/steps/act/settle`, { as: 'happened' }, 202)
    await settling(
      () => castellan.ask<Run>('GET', `/api/runs/${id}`),
      ({ state }) => state === 'completed',
    )
  })

  test('is verified as the operator said, who is told where that is wrong', async () => {
    await using server = await ledgerServer(() => undefined)
    await using castellan = await controlPlane()
    const wrong = async (how: object) =>
      (await castellan.ask<Problem>('POST', '/api/mcp-servers', ledger(server.url, how), 400)).detail
    assert.match(
      await wrong({ ...verify, happened: '=result.(' }),
      /tools\.act\.verify\.happened: is no expression: .+/,
    )
    assert.match(await wrong({ ...verify, tool: 'act' }), /tools\.act\.verify\.tool: "act" is asked without a person/)
    const { tools } = await castellan.ask<{ tools: unknown }>('POST', '/api/mcp-servers', ledger(server.url))
    assert.deepEqual(tools, ledger(server.url).tools)
  })
})

/** A run whose first call kills its control plane, and how it ended with the next one. */
async function killed(store: 'SQLite' | 'PostgreSQL', moment: 'asked' | 'done') {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-verified-'))
  const database = store === 'SQLite' ? null : await freshPostgres(postgres.url)
  const flags = database === null ? [] : ['--database', database.url]
  let first = true
  let kill = () => undefined as void
  await using server = await ledgerServer((response, act) => {
    const dies = first
    first = false
    if (!dies || moment === 'done') act()
    if (!dies) return send(response, 200, told('did it'))
    kill()
    response.destroy()
  })
  try {
    let run: Run
    {
      await using castellan = await castellanProcess(folder, ...flags)
      kill = () => castellan.signal('SIGKILL')
      await asking(castellan, 'POST', '/api/mcp-servers', ledger(server.url))
      run = await begin(castellan)
      await castellan.ended
    }
    await using castellan = await castellanProcess(folder, ...flags)
    const look = () => asking<Run>(castellan, 'GET', `/api/runs/${run.id}`)
    const { state, output, error } = await settling(look, ({ ended_at }) => ended_at !== null)
    assert.equal(state, 'completed', error ?? '')
    const { items } = await asking<{ items: RunLine[] }>(castellan, 'GET', `/api/runs/${run.id}/lines`)
    const settled = items.filter(({ type }) => type === 'tool.settled')
    assert.equal(settled.length, 1)
    // What was asked is a call as any other, and has the call in doubt for its cause.
    const probe = String(settled[0]!.data['call'])
    const call = await asking<CallDetail>(castellan, 'GET', `/api/calls/${probe}`)
    assert.deepEqual([call.capability, call.outcome, call.correlation_id], ['look', 'ok', run.correlation_id])
    const doubtful = items.find(({ type }) => type === 'tool.ended')!.data['call']
    assert.ok(call.entries.every(({ causationid }) => causationid === doubtful))
    return {
      output: (output as { output: string }).output,
      settled: settled[0]!,
      calls: server.calls(),
      effects: server.effects(),
    }
  } finally {
    await database?.drop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function begin(castellan: { readonly url: string; readonly key: string }): Promise<Run> {
  await asking(castellan, 'PUT', '/api/workflows/once', { source })
  return asking<Run>(castellan, 'POST', '/api/workflows/once/runs', { input: { id: 'a' } })
}

async function asking<T>(castellan: { url: string; key: string }, method: string, path: string, body?: unknown) {
  const { text, status } = await ask(castellan, method, path, { body })
  assert.ok(status < 300, `${method} ${path} answered ${status}: ${text}`)
  return JSON.parse(text) as T
}

/** Looks until something is so: leases of processes that were killed last for seconds. */
async function settling<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 90_000; ;) {
    const seen = await look()
    if (isSo(seen)) return seen
    assert.ok(Date.now() < deadline, `it did not come true; last seen: ${JSON.stringify(seen)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** A tool server that counts its effects, and can be asked for them. It is not the one that is killed. */
async function ledgerServer(onAct: (response: ServerResponse, act: () => void) => void) {
  const effects: string[] = []
  let calls = 0
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/health') return send(response, 200, { status: 'ok' })
      if (request.url === '/mcp/list_tools') return send(response, 200, { tools })
      const { tool, arguments: args } = (await json(request)) as { tool: string; arguments: { id: string } }
      if (tool === 'look') {
        const found = effects.includes(args.id)
        return send(response, 200, { ...told(found ? 'did it' : 'nothing'), structuredContent: { found } })
      }
      calls++
      return onAct(response, () => void effects.push(args.id))
    })().catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects: () => effects.length,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const inputSchema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
const tools = ['act', 'look'].map(name => ({ name, inputSchema }))

function told(text: string) {
  return { content: [{ type: 'text', text }] }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
