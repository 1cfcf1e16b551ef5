import { revisions, type Revision } from '../echo/dialect.ts'
import { type McpClient, openClient } from '../load/mcp-client.ts'
import type { Target } from '../load/plan.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { median } from '../report/statistics.ts'
import { startCastellan } from '../stage/castellan.ts'
import { mcpOf, register, startEcho } from '../stage/servers.ts'

export const listing: Measurement = {
  name: 'listing',
  about:
    'All pages of `tools/list`, of a new client each time: directly from the echo server, and through Castellan, where the ' +
    'first answer after the catalogue changed may cost more than those after it. Each definition is about half a kilobyte.',
  run: measure,
}

interface Case {
  readonly servers: number
  /** Of each server. */
  readonly tools: number
}

const cases: Readonly<Record<Setting['form'], readonly Case[]>> = {
  full: [
    { servers: 1, tools: 100 },
    { servers: 1, tools: 1_000 },
    { servers: 1, tools: 10_000 },
    { servers: 10, tools: 1_000 },
    { servers: 100, tools: 100 },
  ],
  quick: [{ servers: 1, tools: 1_000 }],
}
const repetitions = { full: 9, quick: 5 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const rows: (string | number)[][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  for (const revision of revisions) {
    for (const { servers, tools } of cases[form]) {
      await using echo = await startEcho(revision, tools)
      await using castellan = await startCastellan()
      const key = await castellan.member()
      const registering = performance.now()
      for (let server = 0; server < servers; server++) await register(castellan, `many${server}`, echo)
      const registered = (performance.now() - registering) / servers
      const through = mcpOf(castellan, key)
      const first = await list(through, revision)
      const repeated: Listed[] = []
      const direct: Listed[] = []
      for (let repetition = 0; repetition < repetitions[form]; repetition++) {
        direct.push(await list({ over: 'http', url: echo.url, key: null }, revision))
        repeated.push(await list(through, revision))
      }
      if (first.tools !== servers * tools) wrong.push(`listing: ${first.tools} of ${servers * tools} tools were listed`)
      const middle = (of: readonly Listed[]) => median(of.map(({ milliseconds }) => milliseconds))
      const name = `${revision} ${servers} × ${tools}`
      const cells = [first.milliseconds, middle(repeated), middle(direct), first.bytes / 1_024, registered]
      rows.push([name, servers * tools, ...cells])
      say(`${name}: first ${first.milliseconds.toFixed(1)} ms, repeated ${middle(repeated).toFixed(1)} ms`)
      numbers[`listing ${name} first ms`] = first.milliseconds
      numbers[`listing ${name} repeated ms`] = middle(repeated)
      numbers[`listing ${name} bytes`] = first.bytes
      numbers[`listing ${name} repeated / direct`] = middle(repeated) / (servers * middle(direct))
    }
  }
  const columns = [
    'servers × tools',
    'tools',
    'first ms',
    'repeated ms',
    'one server directly ms',
    'KB',
    'registration ms',
  ]
  return { tables: [{ title: 'Listing tools', columns, rows }], numbers, wrong }
}

interface Listed {
  readonly milliseconds: number
  readonly tools: number
  readonly bytes: number
}

/** The connection and the session are there before the clock runs. */
async function list(target: Target, revision: Revision): Promise<Listed> {
  const client = await openClient(target, revision)
  try {
    const before = client.received
    const started = performance.now()
    const tools = await countTools(client)
    return { milliseconds: performance.now() - started, tools, bytes: client.received - before }
  } finally {
    await client.close()
  }
}

async function countTools(client: McpClient): Promise<number> {
  let count = 0
  let cursor: unknown
  do {
    const page = await client.request('tools/list', cursor === undefined ? {} : { cursor })
    count += (page['tools'] as readonly unknown[]).length
    cursor = page['nextCursor']
  } while (cursor !== undefined)
  return count
}
