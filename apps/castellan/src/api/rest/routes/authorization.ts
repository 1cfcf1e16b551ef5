import type { FastifyInstance } from 'fastify'
import * as wire from '@castellan/contracts'
import { isFault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { byId } from '../path-parts.ts'
import { statusOf } from '../problem.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'

const tags = ['servers']

/** Authorizing servers with OAuth, for those who may change servers. */
export function authorizationRoutes(app: TypedApp, { registry, authorizations }: Core): void {
  app.post(
    '/api/mcp-servers/:id/authorize',
    {
      schema: {
        operationId: 'authorizeServer',
        tags,
        summary: 'Ask for an authorization; whoever opens the URL answers',
        params: byId,
        response: { 200: wire.authorizationAsked },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { url, until } = await authorizations.begin(registry.server(actor.tenant, request.params.id), actor)
      return { authorization_url: url, expires_at: until }
    },
  )
  removeRoute(app, '/api/mcp-servers/:id/authorize', {
    operationId: 'forgetAuthorization',
    tags,
    summary: 'Forget the tokens of a server, and all else of its authorization',
    remove: (id, actor) => authorizations.forget(registry.server(actor.tenant, id), actor),
  })
}

/**
 * Where authorization servers send people back to. A browser carries no key of ours: what lets its answer in is the `state`,
 * which nobody else can know and which can be used once.
 */
export function callbackRoute(app: FastifyInstance, core: Core): void {
  app.get('/oauth/callback', { schema: { hide: true } }, async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>
    const given = (name: string) => (typeof query[name] === 'string' ? query[name] : null)
    const answer = { code: given('code'), error: given('error'), iss: given('iss') }
    const say = (status: number, title: string, text: string) =>
      reply.code(status).type('text/html; charset=utf-8').send(page(title, text))
    try {
      const server = await core.authorizations.finish(given('state') ?? '', answer)
      return say(200, 'Authorized', `Castellan may use the server "${server.name}" now. You can close this page.`)
    } catch (error) {
      if (isFault(error)) return say(statusOf(error), 'Not authorized', error.message)
      core.onBug(error)
      return say(500, 'Not authorized', 'Something went wrong inside Castellan; its log has the details.')
    }
  })
}

function page(title: string, text: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><p>${escaped(text)}</p></html>\n`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
