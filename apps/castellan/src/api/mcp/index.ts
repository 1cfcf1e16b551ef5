import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isFault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { View } from '../../registry/index.ts'
import { refuseCallOfNobody } from '../call-of-nobody.ts'
import type { Core } from '../core.ts'
import { identityOf } from '../identity-of.ts'
import { readStrictBodies } from '../strict-body.ts'
import type { Caller } from './caller.ts'
import { listingOf } from './discovery/listing.ts'
import { eraOf, headerOf } from './era.ts'
import { type SessionLimits, Sessions } from './legacy/sessions.ts'
import { messageProblem, paramsProblem } from './message.ts'
import { methodsOf } from './methods.ts'
import { Modern } from './modern/modern.ts'
import { ALLOWED, answerFault, answerRpc, refuseMethod } from './refuse.ts'
import { LEGACY } from './wire/revisions.ts'
import { code } from './wire/rpc.ts'

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
  readonly closeIdleSessions: () => void
  readonly close: () => void
}

/**
 * `/mcp`, `/mcp/servers/:name` and `/mcp/groups/:name`, each for the revisions up to 2025-11-25 (sessions) and for
 * 2026-07-28 (stateless) on one URL, and the metadata of RFC 9728 that tells clients where to get a token.
 */
export function mcpEndpoint(core: Core, settings: McpSettings): McpEndpoint {
  const methods = methodsOf(core)
  const sessions = new Sessions(settings.sessions, core, methods, BEAT)
  const modern = new Modern(core, methods, BEAT)
  const stopListening = core.registry.onCatalogChanged((tenant, change) => {
    sessions.listChanged(tenant, change)
    modern.listChanged(tenant, change)
  })

  const serve = async (view: View, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await identified(core, view, request)
    // From here on the answer is given on the raw response; whatever is thrown must still end it.
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
    if (raw.method === 'POST') {
      const problem = messageProblem(body)
      if (problem) return answerRpc(response, 400, problem.code, problem.message, problem.id)
      // A 2026 client has no session, whatever it sends.
      const era = eraOf(body, raw.headers)
      if (era.is === 'refused') {
        const { code, message, data } = era.error
        return answerRpc(response, 400, code, message, era.id, data)
      }
      if (era.is === 'modern') return modern.handle(caller, raw, response, body as JsonObject)
    }
    const problem = legacyHeaderProblem(raw)
    if (problem) return answerRpc(response, problem.status, code.ours, problem.message)
    const sessionId = headerOf(raw.headers, 'mcp-session-id')
    if (sessionId !== undefined) {
      const session = sessions.find(sessionId, caller)
      if (session) return sessions.goOn(session, raw, response, body as JsonValue | undefined)
      return answerRpc(response, 404, code.sessionNotFound, 'Session not found')
    }
    if (isJsonObject(body) && body.method === 'initialize') return begin(caller, body, response)
    const why = raw.method === 'POST' ? 'Initialize first, or send Mcp-Session-Id' : 'Mcp-Session-Id is required'
    answerRpc(response, 400, code.ours, why)
  }

  const begin = (caller: Caller, body: JsonObject, response: FastifyReply['raw']): void => {
    const problem = paramsProblem('initialize', isJsonObject(body.params) ? body.params : {})
    if (problem) return answerRpc(response, 200, problem.code, problem.message, body.id as string | number)
    sessions.begin(caller, response, body)
  }

  return {
    sessions: () => sessions.size,
    closeIdleSessions: () => sessions.closeIdle(),
    close: () => {
      stopListening()
      sessions.close()
      modern.close()
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

/** Milliseconds between signs of life on streams where nothing else moves. */
const BEAT = 15_000

/** What a 2025 client must be able to take, and which revisions it may speak; null when all is well. */
function legacyHeaderProblem({ method, headers }: IncomingMessage): { status: number; message: string } | null {
  const version = headerOf(headers, 'mcp-protocol-version')
  if (version !== undefined && !(LEGACY as readonly string[]).includes(version)) {
    const message = `Bad Request: Unsupported protocol version: ${version.slice(0, 40)} (supported: ${LEGACY.join(', ')})`
    return { status: 400, message }
  }
  const { accept = '' } = headers
  const takes = (type: string) => accept.includes(type) || accept.includes('*/*')
  if (method === 'POST' && !(takes('application/json') && takes('text/event-stream'))) {
    const message = 'Not Acceptable: the client must accept both application/json and text/event-stream'
    return { status: 406, message }
  }
  if (method === 'GET' && !takes('text/event-stream')) {
    return { status: 406, message: 'Not Acceptable: the client must accept text/event-stream' }
  }
  return null
}

async function identified(core: Core, view: View, request: FastifyRequest): Promise<Caller> {
  const listing = listingOf((request.query as { tools?: unknown }).tools)
  try {
    const identity = await identityOf(core, request.headers)
    return { identity, view, listing, sessionId: null }
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
