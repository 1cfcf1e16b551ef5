import assert from 'node:assert/strict'
import fc from 'fast-check'
import { mcpConnector } from '../../apps/castellan/src/adapters/connector-mcp/index.ts'
import type { Link, Reply, Target as Replica } from '../../apps/castellan/src/gate/index.ts'
import { allowedCall } from '../../apps/castellan/src/gate/connector.testsuite.ts'
import type { JsonObject } from '../../apps/castellan/src/kernel/index.ts'
import { defaultTimeouts } from '../../apps/castellan/src/registry/index.ts'
import { lyingNetworkServers } from './fixtures/lying-network-servers.ts'
import type { Plan, Step } from './fixtures/plan.ts'
import { type Target, trial } from './target.ts'

/** Milliseconds after which a call is cancelled, and within which it has then settled. */
const CALL = 150
const PATIENCE = 20_000

export const lyingServers: Target = {
  name: 'lying-servers',
  promise: 'whatever a server says, a call of it settles, and never with the answer to another',
  runs: 20,
  async open() {
    const servers = await lyingNetworkServers()
    const connector = mcpConnector({ environment: { PATH: process.env['PATH'] } })
    const replicas = {
      stdio: replica('stdio', ''),
      websocket: replica('websocket', servers.webSocket),
      'streamable-http': replica('streamable-http', servers.http),
    }
    const links = new Map<keyof typeof replicas, Link>()
    const linkTo = async (over: keyof typeof replicas): Promise<Link> => {
      const known = links.get(over)
      if (known) return known
      const link = await connector.open(
        replicas[over],
        { onListChanged: () => undefined },
        AbortSignal.timeout(PATIENCE),
      )
      links.set(over, link)
      void link.closed.then(() => links.get(over) === link && links.delete(over))
      return link
    }
    return trial(
      fc.record({
        over: fc.constantFrom('stdio', 'websocket', 'streamable-http'),
        plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
      }),
      async ({ over, plans }) => {
        const link = await linkTo(over)
        const replies = await Promise.all(plans.map(plan => settled(call(link, replicas[over], plan))))
        const texts = replies.map(textIn)
        // Calls have their ids one after another, and each answer names the id it is for.
        const firsts = texts.flatMap((text, index) =>
          text === null ? [] : [Number(/^for (\d+)$/.exec(text)?.[1]) - index],
        )
        assert.ok(new Set(firsts).size <= 1 && !firsts.includes(Number.NaN), `answers are mixed up: ${texts.join()}`)
      },
      async () => {
        for (const link of links.values()) await link.close()
        await servers[Symbol.asyncDispose]()
      },
    )
  },
}

const step = fc.record<Step>({
  says: fc.constantFrom(
    'answer',
    'answer',
    'answer',
    'error',
    'both',
    'neither',
    'progress',
    'question',
    'notification',
    'garbage',
    'huge',
    'number',
  ),
  as: fc.constantFrom('own', 'own', 'own', 'before', 'after', 'text', 'fraction', 'null', 'none', 'far'),
  times: fc.constantFrom(1, 1, 2, 20),
  batch: fc.boolean(),
})
/** Most are answered in the end. */
const plan: fc.Arbitrary<Plan> = fc
  .tuple(fc.array(step, { maxLength: 5 }), fc.nat(9))
  .map(([steps, chance]) => (chance > 0 ? [...steps, { says: 'answer', as: 'own', times: 1, batch: false }] : steps))

function replica(transport: 'stdio' | 'websocket' | 'streamable-http', endpoint: string): Replica {
  const program = new URL('./fixtures/lying-stdio-server.ts', import.meta.url).pathname
  return {
    serverId: `liar over ${transport}`,
    server: 'liar',
    replica: 0,
    connection:
      transport === 'stdio'
        ? { transport, command: process.execPath, args: [program], cwd: null, env: {}, replicas: 1 }
        : { transport, endpoints: [endpoint], headers: {} },
    endpoint,
    values: {},
    timeouts: defaultTimeouts,
    announces: {},
  }
}

function call(link: Link, target: Replica, plan: Plan): Promise<Reply> {
  const capability = {
    server: target.serverId,
    primitive: 'tool',
    name: 'say',
    definition: {},
    digest: 'none',
    impliedEffect: null,
  }
  const allowed = allowedCall(target, capability as never, { plan } as unknown as JsonObject)
  return link.call(allowed, { signal: AbortSignal.timeout(CALL), onProgress: () => undefined, client: null })
}

async function settled(replying: Promise<Reply>): Promise<Reply> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('a call did not settle')), PATIENCE)
  try {
    return await Promise.race([replying, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** What a call was given that names an id; null when it was given nothing of the kind. */
function textIn(reply: Reply): string | null {
  switch (reply.is) {
    case 'result':
      return (reply.result['content'] as readonly { readonly text: string }[])[0]!.text
    case 'error':
      return reply.error.message
    case 'broken':
      assert.ok(reply.why !== '')
      return null
    case 'inputRequired':
      throw new Error('nothing was required')
    default:
      throw reply satisfies never
  }
}
