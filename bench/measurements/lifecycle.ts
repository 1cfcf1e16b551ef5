import type { Revision } from '../echo/dialect.ts'
import { type McpClient, openClient } from '../load/mcp-client.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { median } from '../report/statistics.ts'
import { type Castellan, startCastellan } from '../stage/castellan.ts'
import { everythingCommand, mcpOf, register } from '../stage/servers.ts'

export const lifecycle: Measurement = {
  name: 'lifecycle',
  about:
    'What a client lives through with @modelcontextprotocol/server-everything over stdio: a client that talks to it directly ' +
    'has to start it, a client of Castellan finds it running. Milliseconds, medians.',
  run: measure,
}

const repetitions = { full: 11, quick: 3 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const everything = everythingCommand()
  await using castellan = await startCastellan()
  const key = await castellan.member()
  const started = performance.now()
  const id = await register(castellan, 'everything', everything)
  const registered = performance.now() - started

  const direct = { open: () => openClient(everything, '2025-11-25'), tool: 'echo', check: ping }
  const through = (revision: Revision): Way => ({
    open: () => openClient(mcpOf(castellan, key), revision),
    tool: 'everything__echo',
    check: () => checkHealth(castellan, id),
  })
  const ways = { direct, 'Castellan 2025-11-25': through('2025-11-25'), 'Castellan 2026-07-28': through('2026-07-28') }
  const times = new Map<string, Record<Stage, number>[]>(Object.keys(ways).map(name => [name, []]))
  for (let repetition = 0; repetition < repetitions[form]; repetition++) {
    for (const [name, way] of Object.entries(ways)) times.get(name)!.push(await live(way))
  }
  const medians = [...times].map(([name, lives]) => ({
    name,
    of: (stage: Stage) => median(lives.map(life => life[stage])),
  }))
  for (const { name, of } of medians)
    say(`${name}: ${stages.map(stage => `${stage} ${of(stage).toFixed(1)}`).join(', ')}`)
  return {
    tables: [
      {
        title: `Milliseconds; starting the server, greeting it and asking what it offers took Castellan ${registered.toFixed(0)} ms`,
        columns: ['', ...stages],
        rows: medians.map(({ name, of }) => [name, ...stages.map(of)]),
      },
    ],
    numbers: {
      'lifecycle registration ms': registered,
      ...Object.fromEntries(
        medians.flatMap(({ name, of }) => stages.map(stage => [`lifecycle ${name} ${stage} ms`, of(stage)])),
      ),
    },
    wrong: [],
  }
}

const stages = ['connect', 'discovery', 'health check', 'one call', '10 in a row', '15 by 3 new clients'] as const
type Stage = (typeof stages)[number]

interface Way {
  readonly open: () => Promise<McpClient>
  readonly tool: string
  readonly check: (client: McpClient) => Promise<unknown>
}

async function live({ open, tool, check }: Way): Promise<Record<Stage, number>> {
  const call = async (client: McpClient) => {
    const { content } = await client.request('tools/call', { name: tool, arguments: { message: 'hello' } })
    if (!JSON.stringify(content).includes('Echo: hello')) throw new Error(`not the echo: ${JSON.stringify(content)}`)
  }
  let client: McpClient | undefined
  try {
    const connect = await timed(async () => void (client = await open()))
    const known = client!
    const discovery = await timed(async () => {
      for (const list of ['tools', 'resources', 'resources/templates', 'prompts']) await known.request(`${list}/list`)
    })
    const health = await timed(() => check(known))
    const one = await timed(() => call(known))
    const ten = await timed(async () => {
      for (let time = 0; time < 10; time++) await call(known)
    })
    const fifteen = await timed(() =>
      Promise.all(
        Array.from({ length: 3 }, async () => {
          const newcomer = await open()
          await Promise.all(Array.from({ length: 5 }, () => call(newcomer)))
          await newcomer.close()
        }),
      ),
    )
    return {
      connect,
      discovery,
      'health check': health,
      'one call': one,
      '10 in a row': ten,
      '15 by 3 new clients': fifteen,
    }
  } finally {
    await client?.close()
  }
}

function ping(client: McpClient): Promise<unknown> {
  return client.request('ping')
}

function checkHealth(castellan: Castellan, id: string): Promise<unknown> {
  return castellan.ask('POST', `/api/mcp-servers/${id}/health-check`)
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}
