import { isInitializeRequest, isLegacyRequest, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import { toWebRequest } from '@modelcontextprotocol/node'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isFault, isJsonObject } from '../../kernel/index.ts'
import type { View } from '../../registry/index.ts'
import { refuseCallOfNobody } from '../call-of-nobody.ts'
import type { Core } from '../core.ts'
import { readStrictBodies } from '../strict-body.ts'
import type { Caller } from './caller.ts'
import { messageProblem } from './message.ts'
import { Modern } from './modern.ts'
import { ALLOWED, answerFault, answerRpc, refuseMethod } from './refuse.ts'
import { buildServer } from './server.ts'
import { type SessionLimits, Sessions } from './sessions.ts'

export interface McpSettings {
  /** Bytes. */
  readonly maxBody: number
  readonly sessions: SessionLimits
}

/** What the process does with the endpoint besides serving it. */
export interface McpEndpoint {
  readonly plugin: (app: FastifyInstance) => Promise<void>
  /** 2025 sessions that are open. */
  readonly sessions: () => number
  readonly closeIdleSessions: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * `/mcp`, `/mcp/servers/:name` and `/mcp/groups/:name`, each for the revisions up to 2025-11-25 (sessions) and for
 * 2026-07-28 (stateless) on one URL, and the metadata of RFC 9728 that tells clients where to get a token.
 */
export function mcpEndpoint(core: Core, settings: McpSettings): McpEndpoint {
  const sessions = new Sessions(settings.sessions, core.clock, caller => buildServer(core, caller, true))
  const modern = new Modern(settings.maxBody, caller => buildServer(core, caller, false))
  const stopListening = core.registry.onCatalogChanged((tenant, change) => {
    sessions.listChanged(tenant, change)
    modern.listChanged(tenant, change)
  })

  const serve = async (view: View, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await identified(core, view, request)
    // From here on the SDK answers on the raw response; whatever it throws must still end it.
    reply.hijack()
    try {
      await route(caller, request, reply)
    } catch (error) {
      if (reply.raw.headersSent) reply.raw.destroy()
      else answerFault(core, settings.maxBody, error, reply)
    }
  }

  const route = async (
    caller: Caller,
    { raw, body }: FastifyRequest,
    { raw: response }: FastifyReply,
  ): Promise<void> => {
    const problem = raw.method === 'POST' ? messageProblem(body) : null
    if (problem) return answerRpc(response, problem.status, problem.code, problem.message, problem.id)
    const sessionId = raw.headers['mcp-session-id']
    // A 2026 client has no session, whatever it sends; asking the SDK only when it must be asked is a matter of speed.
    const legacy =
      raw.method !== 'POST' ||
      (typeof sessionId === 'string' && !hasEnvelope(body)) ||
      (await isLegacyRequest(await toWebRequest(raw, body), body))
    if (!legacy) return modern.handle(caller, raw, response, body)
    if (typeof sessionId === 'string') {
      if (!(await sessions.goOn(sessionId, caller, raw, response, body)))
        answerRpc(response, 404, -32001, 'Session not found')
      return
    }
    if (raw.method === 'POST' && isInitializeRequest(body)) return sessions.begin(caller, raw, response, body)
    const why = raw.method === 'POST' ? 'Initialize first, or send Mcp-Session-Id' : 'Mcp-Session-Id is required'
    answerRpc(response, 400, -32000, why)
  }

  return {
    sessions: () => sessions.size,
    closeIdleSessions: () => sessions.closeIdle(),
    close: async () => {
      stopListening()
      await Promise.all([sessions.close(), modern.close()])
    },
    plugin: async app => {
      readStrictBodies(app, { maxBody: settings.maxBody, emptyPost: 'isMalformed' })
      app.setErrorHandler((error, _request, reply) => {
        reply.hijack()
        answerFault(core, settings.maxBody, error, reply)
      })
      const view = (is: 'server' | 'group') => (request: FastifyRequest, reply: FastifyReply) =>
        serve({ is, name: (request.params as { name: string }).name }, request, reply)
      const endpoints = {
        '/mcp': (request: FastifyRequest, reply: FastifyReply) => serve({ is: 'all' }, request, reply),
        '/mcp/servers/:name': view('server'),
        '/mcp/groups/:name': view('group'),
      }
      for (const [url, handler] of Object.entries(endpoints)) {
        app.route({ method: ALLOWED, url, handler, exposeHeadRoute: false })
        // Before the body is looked at, since none is expected.
        const refuse = async (_request: FastifyRequest, reply: FastifyReply) => refuseMethod(reply)
        app.route({ method: ['HEAD', 'OPTIONS', 'PUT', 'PATCH'], url, onRequest: refuse, handler: refuse })
      }
      const metadata = (path: string) => ({
        resource: `${core.publicUrl}${path}`,
        ...(core.oidcIssuer === null ? {} : { authorization_servers: [core.oidcIssuer] }),
        bearer_methods_supported: ['header'],
        resource_name: 'Castellan',
      })
      app.get('/.well-known/oauth-protected-resource', () => metadata('/mcp'))
      app.get('/.well-known/oauth-protected-resource/mcp', () => metadata('/mcp'))
      app.get('/.well-known/oauth-protected-resource/mcp/*', request =>
        metadata(`/mcp/${(request.params as { '*': string })['*']}`),
      )
    },
  }
}

/** Whether a message says of itself that it is of 2026: it names its revision, which before only `initialize` did. */
function hasEnvelope(body: unknown): boolean {
  const meta = isJsonObject(body) && isJsonObject(body.params) ? body.params._meta : undefined
  return isJsonObject(meta) && PROTOCOL_VERSION_META_KEY in meta
}

async function identified(core: Core, view: View, request: FastifyRequest): Promise<Caller> {
  const { authorization, 'x-tenant-id': tenant } = request.headers
  const presented = { authorization, tenant: typeof tenant === 'string' ? tenant : undefined }
  try {
    const identity = await core.authenticator.authenticate(presented, AbortSignal.timeout(10_000))
    return { identity, view, sessionId: null }
  } catch (error) {
    if (isFault(error, 'UNAUTHENTICATED')) await journalRefusal(core, view, request.body)
    throw error
  }
}

/** Whoever calls a tool and is nobody is refused where everybody is. */
async function journalRefusal(core: Core, view: View, body: unknown): Promise<void> {
  if (!isJsonObject(body) || body.method !== 'tools/call' || !isJsonObject(body.params)) return
  const { name } = body.params
  await refuseCallOfNobody(core, { name: typeof name === 'string' ? name : '', view, via: 'mcp' })
}
