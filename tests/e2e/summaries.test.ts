import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Run } from '@castellan/contracts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { httpServer } from '../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import { answer, wordings } from '../../apps/castellan/src/adapters/model-ai-sdk/fixtures/fake-provider.ts'
import type { JsonObject } from '../../apps/castellan/src/kernel/index.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { until } from '../support/control-plane.ts'
import { nodesOn } from '../support/nodes.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()
const LINES = 8

for (const store of ['SQLite', 'PostgreSQL'] as const)
  test(
    `a conversation on ${store} whose control plane is killed while it is being summarised goes on as if nothing had been`,
    { skip: store === 'PostgreSQL' && postgres.skip },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'castellan-summaries-'))
      await using model = await forgetfulModel()
      await using nodes = store === 'PostgreSQL' ? await nodesOn(postgres.url) : null
      try {
        const config = join(folder, 'castellan.yaml')
        const acting = { kind: 'openai-compatible', base_url: `${model.url}/v1` }
        writeFileSync(config, JSON.stringify({ settings: { models: { providers: { acting } } } }))
        const start = async () => {
          if (nodes) return nodes.start('--config', config)
          const alone = await castellanProcess(folder, '--config', config)
          return { ...alone, rest: await adminOf(alone.url, folder) }
        }
        const ledger = join(folder, 'ledger')
        let run: Run
        {
          await using first = await start()
          run = await begin(first.rest, ledger)
          await model.isToSummarise
          first.signal('SIGKILL')
          await first.ended
        }
        await using second = await start()
        // On PostgreSQL the lease of who was killed has to be over first.
        await model.isToEnd
        const look = () => second.rest.must<Run>('GET', `/api/runs/${run.id}`)
        const { state, output } = await until('it ends', look, ({ ended_at }) => ended_at !== null)
        const lines = Array.from({ length: LINES }, (_, index) => `line-${index + 1}`)
        assert.equal(state, 'completed')
        assert.equal((output as { response: string }).response, lines.join(' '))
        assert.deepEqual(readFileSync(ledger, 'utf8').trim().split('\n'), lines)
        const [interrupted, ...others] = model.summaries()
        assert.deepEqual([interrupted, new Set(others)], [2, new Set(others.length === 0 ? [] : [1])])
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )

async function begin(rest: Rest, file: string): Promise<Run> {
  const args = [fixturePath('ledger-server.ts'), 'stdio', file]
  const server = { name: 'ledger', transport: 'stdio', command: process.execPath, args, trusted: true }
  await rest.must('POST', '/api/mcp-servers', { body: server })
  await rest.must('PUT', '/api/policies', {
    body: { files: { 'all.cedar': '@id("all") permit (principal, action, resource);' } },
  })
  const agent = {
    name: 'scribe',
    llm_config: { provider: 'acting', model: 'm' },
    available_mcps: ['ledger'],
    context_tokens: 3_000,
    timeout_seconds: 600,
  }
  await rest.must('POST', '/api/agents', { body: agent })
  return rest.must<Run>('POST', '/api/agents/scribe/runs', { body: { user_message: 'Write them all down.' } })
}

/** Writes one line after the other with many words, knows of the lines only by what it is told, and leaves the first who wants a summary without one. */
async function forgetfulModel() {
  const [isToSummarise, isToEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const summaries = new Map<string, number>()
  const server = await httpServer(({ body: text }, response) => {
    const body = JSON.parse(text) as JsonObject
    const known = [...new Set(text.match(/line-\d+/g) ?? [])]
    const isSummary = text.includes('Write a summary of what follows')
    if (isSummary) {
      summaries.set(text, (summaries.get(text) ?? 0) + 1)
      if (summaries.size === 1 && summaries.get(text) === 1) return isToSummarise.resolve()
    }
    const next = `line-${known.length + 1}`
    const says = isSummary || known.length === LINES
    if (says && !isSummary) isToEnd.resolve()
    const calls = [{ id: `c-${next}`, tool: 'ledger__add', args: JSON.stringify({ id: next }) }]
    const said = says ? { text: known.join(' ') } : { text: 'So it goes on and on. '.repeat(100), calls }
    answer(response, wordings.compatible, said, body)
  })
  return {
    url: server.url,
    /** Somebody wants the first summary. */
    isToSummarise: isToSummarise.promise,
    /** All is written down. */
    isToEnd: isToEnd.promise,
    /** How often each was wanted. */
    summaries: () => [...summaries.values()],
    [Symbol.asyncDispose]: server.stop,
  }
}
