import type { Revision } from '../echo/dialect.ts'
import type { Target } from '../load/plan.ts'
import { type Castellan, startCastellan } from './castellan.ts'
import { startChild } from './child.ts'
import { echoCommand, mcpOf, register, startEcho } from './servers.ts'

/** Ways to the echo server, in the order they are taken in each repetition. */
export const ways = ['direct', 'bare hop', 'SDK hop', 'Castellan'] as const
export type Way = (typeof ways)[number]

export interface Ways extends AsyncDisposable {
  readonly castellan: Castellan
  to(way: Way, revision: Revision): Road
}

export interface Road {
  readonly target: Target
  /** What the echo is called there. */
  readonly tool: string
  /** Of the process in the middle. */
  readonly pid: number | null
}

/** An echo server and the hops for each revision, and one control plane, with these flags of Node, that knows them all. */
export async function openWays(
  transport: 'http' | 'stdio',
  revisions: readonly Revision[],
  flags: readonly string[],
): Promise<Ways> {
  await using opening = new AsyncDisposableStack()
  const castellan = opening.use(await startCastellan({ flags }))
  const key = await castellan.member()
  const roads = new Map<string, Road>()
  for (const revision of revisions) {
    const command = echoCommand(revision)
    const server = transport === 'http' ? opening.use(await startEcho(revision)) : command
    const upstream = 'url' in server ? [server.url] : [server.command, ...server.args]
    const relay = opening.use(await startChild({ program: relays[transport], args: upstream }))
    const sdk = opening.use(await startChild({ program: sdkHop, args: [revision, ...upstream] }))
    const name = `echo${revision.slice(0, 4)}`
    await register(castellan, name, server)
    const all: Record<Way, Road> = {
      direct: { target: 'url' in server ? open(server.url) : command, tool: 'echo', pid: null },
      'bare hop': { target: open(relay.url), tool: 'echo', pid: relay.pid },
      'SDK hop': { target: open(sdk.url), tool: 'echo', pid: sdk.pid },
      Castellan: { target: mcpOf(castellan, key), tool: `${name}__echo`, pid: castellan.pid },
    }
    for (const way of ways) roads.set(`${way} ${revision}`, all[way])
  }
  const stack = opening.move()
  return {
    castellan,
    to: (way, revision) => roads.get(`${way} ${revision}`)!,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const program = (path: string) => new URL(path, import.meta.url).pathname
const relays = { http: program('../hops/relay-http.ts'), stdio: program('../hops/relay-stdio.ts') }
const sdkHop = program('../hops/sdk.ts')

/** To be called by anybody. */
function open(url: string): Target {
  return { over: 'http', url, key: null }
}
