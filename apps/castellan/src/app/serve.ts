import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Stores } from '../adapters/store-sql/index.ts'
import { checkHosts, liveEndpoint, mcpEndpoint, type McpEndpoint, refuseUnreadable, restPlugin } from '../api/index.ts'
import type { Config } from '../config/index.ts'
import { sweepUnfinished } from '../gate/index.ts'
import { DEFAULT_TENANT } from '../identity/index.ts'
import { newId } from '../kernel/index.ts'
import { observe } from '../telemetry/index.ts'
import { every, Probes } from '../worker/index.ts'
import { followOthers } from './follow-others.ts'
import { hintEngine } from './runs.ts'
import { openAnswers, type OpenAnswers } from './open-answers.ts'
import { compose, type Parts, type Surroundings } from './compose.ts'
import type { Running } from './running.ts'
import { welcome } from './welcome.ts'

/**
 * Puts a control plane in front of its stores, which are its own from here on. Throws plain errors of `listen`; leaves
 * nothing behind then.
 */
export async function serve(stores: Stores, config: Config, surroundings: Surroundings): Promise<Running> {
  const stopping: (() => Promise<unknown>)[] = [() => stores.close()]
  const stop = async () => {
    for (const step of stopping.splice(0).reverse()) await step()
  }
  try {
    const mcp: { endpoint?: McpEndpoint } = {}
    const parts = await compose(stores, config, surroundings, () => mcp.endpoint?.sessions() ?? 0)
    const { core, upstreams, late, log } = parts
    stopping.push(() => Promise.all(core.engines.map(engine => engine.close())))
    stopping.push(parts.closeSecrets)
    stopping.push(() => core.models.close())
    stopping.push(parts.closeGuardrails)
    stopping.push(parts.closeExpressions)
    const rotated = await core.rotation.finish({ tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() })
    if (rotated) {
      const { key, rewrapped, unreadable, forgotten } = rotated
      log('info', 'secrets.rotated', { key, rewrapped, unreadable: unreadable.length, forgotten: forgotten.join(' ') })
    }
    await core.registry.load()
    await core.authorizations.load(core.registry.servers())
    for (const refused of await core.rules.load()) log('error', 'policy.refused', refused)
    await parts.labels.load(stores.calls)
    await core.sessions.load()
    await core.approvals.rules.load()
    await stores.runs.freeOrphans()
    await stores.subscriptions.freeOrphans()
    await stores.nodes.join(LEASE)
    stopping.push(() => stores.nodes.leave().catch(core.onBug))
    await sweep(parts)
    await core.budgets.load()
    await welcome(core, config.data)

    stopping.push(() => upstreams.close())
    stopping.push(watchJournal(parts))
    if (config.database !== null) stopping.push(followingOthers(parts))
    parts.engine.start()
    stopping.push(hintingEngine(parts))
    parts.bus.start()
    stopping.push(() => parts.bus.stop(AbortSignal.abort()))
    mcp.endpoint = mcpEndpoint(core, {
      maxBody: config.maxBody,
      sessions: { max: config.mcp.maxSessions, idle: config.mcp.sessionIdle },
    })
    const { endpoint } = mcp
    const answers = openAnswers()
    const app = await listen(config, parts, endpoint, answers, surroundings.requestTimeout ?? 60_000)
    const loops = loopsOf(config, parts, endpoint)
    stopping.push(async () => {
      await Promise.all(loops.map(loop => loop.stop()))
      // Those inside may finish, and their answers leave, first: closing the listener cuts their connections.
      const patience = AbortSignal.timeout(config.drainTimeout)
      await Promise.all([core.gate.drain(patience), parts.engine.stop(patience), parts.bus.stop(patience)])
      await answers.sent(500)
      endpoint.close()
      await app.close()
    })
    const { address, port } = app.server.address() as AddressInfo
    // So that the first call need not wait for the words and weights of the detectors.
    core.guardrails().then(detectors => detectors.scan(FIRST_TEXT, 'result', {}, { alone: true }), core.onBug)
    log('info', 'started', { url: parts.address.url, data: config.data, version: core.version })
    let stopped: Promise<void> | undefined
    return {
      url: parts.address.url,
      host: address,
      port,
      stop: () =>
        (stopped ??= stop().then(() => {
          log('info', 'stopped', { unwritten: late.backlog })
        })),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listen(
  config: Config,
  parts: Parts,
  endpoint: McpEndpoint,
  answers: OpenAnswers,
  requestTimeout: number,
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: config.maxBody,
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
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: refuseUnreadable,
  })
  app.addHook('onRequest', async (request, reply) => answers.watch(request.method, reply.raw))
  const ownHost = config.publicUrl === null ? [] : [new URL(config.publicUrl).host]
  const allowed = { hosts: [...config.allowedHosts, ...ownHost], origins: config.allowedOrigins }
  checkHosts(app, allowed)
  const live = liveEndpoint(parts.core, allowed)
  live.attach(app.server)
  app.addHook('preClose', async () => live.close())
  await app.register(endpoint.plugin)
  await app.register(restPlugin(parts.core))
  await app.listen({ host: config.host, port: config.port })
  const { port } = app.server.address() as AddressInfo
  parts.address.url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
  return app
}

/** Makes every detector do some work. */
const FIRST_TEXT = 'Ann said: the password of 10.0.0.1 is in https://example.com/?q=1'
/** Milliseconds for which others believe that a process is there after it last said so. */
const LEASE = 20_000
/** Milliseconds. To compile a schema again takes one or two. */
const SCHEMAS_KEPT = 10 * 60_000

function loopsOf(config: Config, parts: Parts, endpoint: McpEndpoint) {
  const { core, stores, upstreams, notices, validator, late, log } = parts
  const onError = (error: unknown) => core.onBug(error)
  const probes = new Probes(core.registry, core.clock, server => upstreams.openLinks(server.id) > 0, onError)
  return [
    every(
      LEASE / 4,
      async () => {
        // First, so that after a standstill we do not take ourselves for gone.
        await stores.nodes.stay(LEASE)
        await sweep(parts)
      },
      onError,
    ),
    every(1_000, () => probes.turn(), onError),
    every(Math.min(config.stdio.idleStop, 15_000), () => upstreams.closeIdle(config.stdio.idleStop), onError),
    every(1_000, async () => void (await core.approvals.expireOverdue()), onError),
    every(1_000, signal => notices.turn(signal), onError),
    every(2_000, () => core.registry.mendPins(), onError),
    every(SCHEMAS_KEPT, async () => validator.dropUnused(), onError),
    every(Math.min(config.mcp.sessionIdle, 15_000), async () => endpoint.closeIdleSessions(), onError),
    every(
      1_000,
      async () => {
        if (late.trouble === null) return
        await late.flush()
        log(late.trouble === null ? 'info' : 'error', 'store.retried', { trouble: late.trouble, backlog: late.backlog })
      },
      onError,
    ),
  ]
}

/** Finds out what became of the calls of processes that are gone. */
async function sweep({ stores, core, log }: Parts): Promise<void> {
  const swept = await sweepUnfinished(stores.calls, core.journal, core.clock)
  if (swept > 0) log('warn', 'calls.swept', { count: swept })
}

function followingOthers({ stores, core }: Parts): () => Promise<void> {
  const ending = new AbortController()
  const following = followOthers(stores.journal, core, ending.signal, core.onBug).catch(core.onBug)
  return async () => {
    ending.abort()
    await following
  }
}

function hintingEngine({ stores, engine, core }: Parts): () => Promise<void> {
  const ending = new AbortController()
  const hinting = hintEngine(stores, engine, ending.signal).catch(error => core.onBug(error))
  return async () => {
    ending.abort()
    await hinting
    await engine.stop(AbortSignal.abort())
  }
}

function watchJournal({ stores, log, meter, core }: Parts): () => Promise<void> {
  const ending = new AbortController()
  const watching = observe(stores.journal, log, meter, ending.signal).catch(error => core.onBug(error))
  return async () => {
    ending.abort()
    await watching
  }
}
