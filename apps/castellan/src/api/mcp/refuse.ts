import type { FastifyReply } from 'fastify'
import { type Fault, fault, isFault } from '../../kernel/index.ts'
import type { Core } from '../core.ts'

export const ALLOWED = ['GET', 'POST', 'DELETE']

/** Answers with what went wrong before a message was understood, as a JSON-RPC error under the HTTP status that fits. */
export function answerFault(core: Core, maxBody: number, error: unknown, { raw, request }: FastifyReply): void {
  const known = isFault(error) ? error : fromFastify(core, maxBody, error)
  if (known === null) {
    return answerRpc(raw, 415, -32000, 'Unsupported media type: the Content-Type must be application/json')
  }
  switch (known.code) {
    case 'UNAUTHENTICATED': {
      const path = request.url.split('?')[0]!.replaceAll('"', '%22')
      const metadata = `${core.publicUrl}/.well-known/oauth-protected-resource${path}`
      raw.setHeader('www-authenticate', `Bearer resource_metadata="${metadata}"`)
      return answerRpc(raw, 401, -32000, known.message)
    }
    case 'JSON_MALFORMED':
      return answerRpc(raw, 400, -32700, known.message)
    case 'REQUEST_TOO_LARGE':
      return answerRpc(raw, 413, -32000, known.message)
    case 'INTERNAL':
      return answerRpc(raw, 500, -32603, known.message)
    default:
      return known.kind === 'invalid'
        ? answerRpc(raw, 400, -32600, known.message)
        : answerRpc(raw, 503, -32000, known.message)
  }
}

export function refuseMethod(reply: FastifyReply): void {
  reply.hijack()
  reply.raw.setHeader('allow', ALLOWED.join(', '))
  answerRpc(reply.raw, 405, -32000, `Method not allowed; use ${ALLOWED.join(', ')}`)
}

export function answerRpc(
  response: FastifyReply['raw'],
  status: number,
  code: number,
  message: string,
  id: string | number | null = null,
  data?: unknown,
): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', error: { code, message, data }, id }))
}

/** Null for a body of a type we do not take. */
function fromFastify(core: Core, maxBody: number, error: unknown): Fault | null {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return null
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return fault('REQUEST_TOO_LARGE', { limit: maxBody })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return fault('REQUEST_INVALID', { why: (error as Error).message })
  }
  core.onBug(error)
  return fault('INTERNAL')
}
