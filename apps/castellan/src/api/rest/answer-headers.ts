import type { FastifyInstance } from 'fastify'
import type { Core } from '../core.ts'

/** The reference is one page of our own: scripts, styles and requests stay here, and no other page may frame it. */
export const referenceContent =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** For answers that are data. */
export const answerHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** What every answer says to browsers and caches, and a refused client about where to get a token (RFC 9728). */
export function addAnswerHeaders(app: FastifyInstance, core: Core): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(answerHeaders)
  })
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode !== 401) return
    const metadata = `${core.publicUrl}/.well-known/oauth-protected-resource/mcp`
    reply.header('www-authenticate', `Bearer resource_metadata="${metadata}"`)
  })
}
