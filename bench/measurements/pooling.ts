import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openClient } from '../load/mcp-client.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { median } from '../report/statistics.ts'
import { startCastellan } from '../stage/castellan.ts'
import { descendants } from '../stage/process-facts.ts'
import { scratchFolder } from '../stage/scratch.ts'
import { everythingCommand, register } from '../stage/servers.ts'

export const pooling: Measurement = {
  name: 'pooling',
  about:
    `One execution of an agent that makes ten calls of @modelcontextprotocol/server-everything over stdio, on a scripted model. Without a pool each ` +
    'call starts the server, greets it and lets it go; Castellan keeps it. The first execution finds it ended and has to start it, the others find it running.',
  run: measure,
}

const CALLS = 10
const repetitions = { full: 7, quick: 3 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const everything = everythingCommand()
  const folder = scratchFolder('pooling')
  const [script, settings] = [join(folder, 'script.json'), join(folder, 'castellan.json')]
  writeFileSync(script, JSON.stringify({ lines: lines() }))
  const providers = { acting: { kind: 'scripted', script } }
  writeFileSync(settings, JSON.stringify({ settings: { models: { providers } } }))
  await using castellan = await startCastellan({ settings: ['--config', settings] })
  await register(castellan, 'everything', everything)
  await castellan.ask('POST', '/api/agents', {
    name: 'caller',
    llm_config: { provider: 'acting', model: 'any' },
    available_mcps: ['everything'],
  })
  const execute = async () => {
    const body = { agent_id: 'caller', user_message: 'go', timeout_seconds: 60 }
    const answer = await castellan.ask<{ success: boolean; tool_calls: readonly unknown[] }>(
      'POST',
      '/api/agent-execution/execute',
      body,
    )
    if (!answer.success || answer.tool_calls.length !== CALLS) throw new Error(JSON.stringify(answer))
  }
  await execute()
  const alone: number[] = []
  const cold: number[] = []
  const warm: number[] = []
  let started = 0
  for (let repetition = 0; repetition < repetitions[form]; repetition++) {
    alone.push(await connectingWithoutPool(everything))
    const before = descendants(castellan.pid)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    while (descendants(castellan.pid).some(pid => before.includes(pid))) await new Promise(setImmediate)
    cold.push(await timed(execute))
    const running = descendants(castellan.pid)
    warm.push(await timed(execute))
    started += descendants(castellan.pid).filter(pid => !running.includes(pid)).length
  }
  const [without, pooled] = [median(alone), Math.max(1, median(cold) - median(warm))]
  const ratio = without / pooled
  say(
    `connecting: ${without.toFixed(0)} ms for ${CALLS} calls without a pool, ${pooled.toFixed(0)} ms once with one: ${ratio.toFixed(1)} times`,
  )
  return {
    tables: [
      {
        title: `${CALLS} calls in one execution; milliseconds, medians`,
        columns: ['', 'connections', 'connecting', 'the whole execution'],
        rows: [
          ['a connection a call', CALLS, without, '–'],
          ['Castellan, server not running', 1, pooled, median(cold)],
          ['Castellan, server running', 0, 0, median(warm)],
        ],
      },
    ],
    numbers: { 'pooling connecting, without / with': ratio, 'pooling servers started though running': started },
    wrong: [],
  }
}

/** What it calls, one after the other. */
function lines(): readonly object[] {
  const call = (turn: number) => ({
    when: { turn },
    call: [{ tool: 'everything__echo', args: { message: `call ${turn}` } }],
  })
  return [...Array.from({ length: CALLS }, (_, index) => call(index + 1)), { say: 'done' }]
}

/** Milliseconds of starting, greeting and letting go of the server, for each call anew. */
async function connectingWithoutPool(everything: ReturnType<typeof everythingCommand>): Promise<number> {
  let connecting = 0
  for (let call = 0; call < CALLS; call++) {
    const begun = performance.now()
    const client = await openClient(everything, '2025-11-25')
    connecting += performance.now() - begun
    await client.request('tools/call', { name: 'echo', arguments: { message: `call ${call}` } })
    connecting += await timed(() => client.close())
  }
  return connecting
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}
