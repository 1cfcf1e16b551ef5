import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DeadLetter, JournalEvent, List, Run, Subscription } from '@castellan/contracts'
import { httpServer } from '../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { castellanProcess, castellanRefused } from '../support/castellan-process.ts'
import { until } from '../support/control-plane.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { postgresForTests } from '../support/services.ts'

const server = await postgresForTests()
const program = new URL('../../apps/castellan/src/main.ts', import.meta.url).pathname
const ledgerServer = new URL('../chaos/fixtures/ledger-server.ts', import.meta.url).pathname

const waiting = `
name: waiting
nodes:
  - { id: early, type: tool, tool: ledger__act, args: { id: early } }
  - { id: pause, type: wait, needs: [early], for: 8s }
  - { id: go, type: wait, needs: [early], signal: go }
  - { id: ask, type: approval, needs: [early], question: Well?, four_eyes: false }
  - { id: late, type: tool, needs: [pause, go, ask], tool: ledger__act, args: { id: late } }
output: '"done"'
`

/** A scripted model that calls the tool which kills the control plane once it has done its part, and says what became of it. */
const script = {
  lines: [
    { when: { turn: 1 }, call: [{ tool: 'ledger__act', args: { id: 'paid', die: 'done' } }] },
    { when: { after_tool: 'ledger__act' }, say: 'Paid.' },
  ],
}

test(
  'an installation in the midst of its work moves to PostgreSQL and finishes there, each effect once',
  { skip: server.skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'castellan-move-'))
    const data = join(folder, 'data')
    const effects = join(folder, 'effects')
    const config = join(folder, 'castellan.yaml')
    const database = await freshPostgres(server.url)
    let answer = 503
    const hook = await httpServer((_, response) => response.writeHead(answer).end())
    try {
      await writeFile(effects, '')
      await writeFile(join(folder, 'script.json'), JSON.stringify(script))
      const providers = { acting: { kind: 'scripted', script: join(folder, 'script.json') } }
      await writeFile(config, JSON.stringify({ settings: { models: { providers } } }))
      let workflow: string
      let agent: string
      {
        await using first = await castellanProcess(data, '--config', config)
        const rest = await adminOf(first.url, data)
        await furnish(rest, effects, hook.url)
        const busy = await command('migrate', '--to', database.url, '--data', data)
        assert.deepEqual([busy.code, /process \d+\) is using the data folder/.test(busy.said)], [4, true])
        workflow = (await rest.must<Run>('POST', '/api/workflows/waiting/runs', { body: {} })).id
        await until('the workflow waits', () => runOf(rest, workflow), ({ waits = [] }) => waits.length === 3) // prettier-ignore
        answer = 400
        await rest.must('POST', '/api/events', { body: { type: 'custom.dead' } })
        await until('a letter is dead', () => standing(rest, 'strict'), each => each.dead_letters === 1) // prettier-ignore
        answer = 503
        await rest.must('POST', '/api/events', { body: { type: 'custom.pending' } })
        await until('a delivery is pending', () => standing(rest, 'patient'), each => each.failures > 0) // prettier-ignore
        agent = (await rest.must<Run>('POST', '/api/agents/payer/runs', { body: { user_message: 'pay' } })).id
        await first.ended
      }
      assert.deepEqual(await counted(effects), { early: 1, paid: 1 })

      const moved = await command('migrate', '--to', database.url, '--data', data, '--json')
      assert.equal(moved.code, 0, moved.said)
      const { tables } = JSON.parse(moved.out) as { tables: { table: string; rows: number }[] }
      const head = tables.find(({ table }) => table === 'journal')!.rows
      const back = await castellanRefused(data, '--config', config)
      assert.match(back.errors, /has moved to postgres:.*castellan\.moved/)

      answer = 200
      await using second = await castellanProcess(data, '--config', config, '--database', database.url)
      const rest = await adminOf(second.url, data)
      const doubtful = await until('the call is in doubt', () => runOf(rest, agent), each => (each.in_doubt ?? []).length > 0) // prettier-ignore
      await rest.must('POST', `/api/runs/${agent}/steps/${doubtful.in_doubt![0]!}/settle`, { body: { as: 'happened' } })
      await rest.must('POST', `/api/runs/${workflow}/signals/go`, { body: null })
      await rest.must('POST', `/api/runs/${workflow}/steps/ask/answer`, { body: { agrees: true } })
      for (const id of [workflow, agent]) {
        const { state, error } = await until('it ends', () => runOf(rest, id), each => each.ended_at !== null) // prettier-ignore
        assert.deepEqual([state, error], ['completed', null])
      }
      assert.deepEqual(await counted(effects), { early: 1, paid: 1, late: 1 })

      await until('what was pending arrived', () => standing(rest, 'patient'), each => each.delivered === 1) // prettier-ignore
      const { items } = await rest.must<List<DeadLetter>>('GET', '/api/dead-letters?subscription=strict')
      assert.deepEqual(items.map(({ event }) => event.type), ['custom.dead']) // prettier-ignore
      await rest.must('POST', `/api/dead-letters/${items[0]!.id}/redrive`)
      await until('the letter arrived', () => standing(rest, 'strict'), each => each.delivered === 1) // prettier-ignore

      const usage = await rest.must<{ items: { spent: number }[] }>('GET', '/api/budgets/calls/usage')
      assert.deepEqual(usage.items.map(({ spent }) => spent), [3]) // prettier-ignore
      const found = await rest.must<{ items: JournalEvent[] }>('GET', `/api/journal?after=${head - 2}&limit=10`)
      assert.deepEqual(found.items.slice(0, 4).map(({ offset }) => offset), [1, 2, 3, 4].map(n => head - 2 + n)) // prettier-ignore
      second.signal('SIGTERM')
      assert.equal((await second.ended).code, 0)
    } finally {
      await hook.stop()
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

async function furnish(rest: Rest, effects: string, hook: string): Promise<void> {
  await rest.must('POST', '/api/mcp-servers', {
    body: {
      name: 'ledger',
      transport: 'stdio',
      command: process.execPath,
      args: [ledgerServer, effects],
      tools: { act: { effect: 'unsafe' } },
    },
  })
  await rest.must('PUT', '/api/workflows/waiting', { body: { source: waiting } })
  await rest.must('POST', '/api/agents', {
    body: { name: 'payer', llm_config: { provider: 'acting', model: 'payer' }, available_mcps: ['ledger'] },
  })
  await rest.must('PUT', '/api/budgets/calls', { body: { unit: 'calls', limit: 20 } })
  // Sealed under the master key of the folder, which both stores are opened with.
  const value = `whsec_${Buffer.from('a key of twenty-four by').toString('base64')}`
  await rest.must('PUT', '/api/secrets/hook', { body: { value } })
  const webhook = { url: hook, secret: 'hook' }
  await rest.must('POST', '/api/subscriptions', {
    body: { name: 'strict', topic: 'custom.dead', webhook, retry: { max_attempts: 1 } },
  })
  await rest.must('POST', '/api/subscriptions', {
    body: { name: 'patient', topic: 'custom.pending', webhook, retry: { first_pause: '1s', longest_pause: '1s' } },
  })
}

const runOf = (rest: Rest, id: string) => rest.must<Run>('GET', `/api/runs/${id}`)

async function standing(rest: Rest, name: string): Promise<Subscription['standing']> {
  return (await rest.must<Subscription>('GET', `/api/subscriptions/${name}`)).standing
}

/** How often each effect happened, by the account of the tool server. */
async function counted(file: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [, id] = line.split(' ')
    if (id !== undefined) counts[id] = (counts[id] ?? 0) + 1
  }
  return counts
}

function command(...words: readonly string[]): Promise<{ code: number; out: string; said: string }> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  return new Promise(resolve => {
    const child = execFile(process.execPath, [program, ...words], { env }, (_, out, said) =>
      resolve({ code: child.exitCode!, out, said }),
    )
  })
}
