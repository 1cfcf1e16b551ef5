import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { checkHosts, liveEndpoint, mcpEndpoint, type McpEndpoint, refuseUnreadable } from '../api/index.ts'
import type { Config } from '../config/index.ts'
import type { Parts } from './compose.ts'
import type { Face } from './face.ts'
import { openAnswers, type OpenAnswers } from './open-answers.ts'

/** Lets clients in: MCP, REST and WebSocket. Throws plain errors of `listen`. */
export async function answerClients(config: Config, parts: Parts, requestTimeout: number): Promise<Face> {
  const endpoint = mcpEndpoint(parts.core, {
    maxBody: config.maxBody,
    sessions: { max: config.mcp.maxSessions, idle: config.mcp.sessionIdle },
  })
  const answers = openAnswers()
  let opened: Promise<FastifyInstance> | undefined
  const rest = () => (opened ??= openRest(config, parts))
  const app = await listen(config, parts, endpoint, rest, answers, requestTimeout).catch((error: unknown) => {
    endpoint.close()
    throw error
  })
  const { address: host, port } = app.server.address() as AddressInfo
  return {
    host,
    port,
    sessions: () => endpoint.sessions(),
    closeIdle: () => endpoint.closeIdleSessions(),
    prepare: async () => void (await rest()),
    async close() {
      // Closing the listener cuts the connections of those whose answers have not left.
      await answers.sent(500)
      endpoint.close()
      await app.close()
      await opened?.then(
        it => it.close(),
        () => undefined,
      )
    },
  }
}

async function listen(
  config: Config,
  parts: Parts,
  endpoint: McpEndpoint,
  rest: () => Promise<FastifyInstance>,
  answers: OpenAnswers,
  requestTimeout: number,
): Promise<FastifyInstance> {
  const app = Fastify({
    ...readingOf(config),
    // Streams that clients hold open would otherwise keep the server from closing.
    forceCloseConnections: true,
    // A client that drips its request cannot hold a connection for ever.
    requestTimeout,
    // Node takes the smaller of the two for headers, so neither alone cuts off a body that drips.
    http: {
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(30_000, requestTimeout),
    },
  })
  app.addHook('onRequest', async (request, reply) => answers.watch(request.method, reply.raw))
  const ownHost = config.publicUrl === null ? [] : [new URL(config.publicUrl).host]
  const allowed = { hosts: [...config.allowedHosts, ...ownHost], origins: config.allowedOrigins }
  checkHosts(app, allowed)
  const live = liveEndpoint(parts.core, allowed)
  live.attach(app.server)
  app.addHook('preClose', async () => live.close())
  await app.register(endpoint.plugin)
  // Everything that is not MCP is for the REST API, also to say that there is nothing.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    reply.hijack()
    try {
      ;(await rest()).routing(request.raw, reply.raw)
    } catch (error) {
      parts.core.onBug(error)
      reply.raw.destroy()
    }
  })
  await app.listen({ host: config.host, port: config.port })
  return app
}

/** The REST API, opened when it is first asked for: to load it and to lay out its routes takes as long as all else of a start. */
async function openRest(config: Config, { core }: Parts): Promise<FastifyInstance> {
  const { restPlugin } = await import('./rest.ts')
  const app = Fastify(readingOf(config))
  await app.register(restPlugin(core))
  await app.ready()
  return app
}

/** How requests are read. */
function readingOf({ maxBody }: Config) {
  return { bodyLimit: maxBody, routerOptions: { maxParamLength: 512 }, frameworkErrors: refuseUnreadable }
}
