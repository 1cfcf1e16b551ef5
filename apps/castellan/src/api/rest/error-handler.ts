import type { FastifyInstance, FastifyReply } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Problem } from '@castellan/contracts'
import { fault, isFault } from '../../kernel/index.ts'
import type { Core } from '../core.ts'
import { problem, problemOf } from './problem.ts'

/** Makes every error of a route, and every unknown route, a problem (RFC 9457). Bugs are told to us, never to the caller. */
export function handleErrors(app: FastifyInstance, core: Core): void {
  app.setErrorHandler((error, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const errors = error.validation.map(({ instancePath, message }) => ({
        at: instancePath,
        message: message ?? 'is not valid',
      }))
      const why = errors
        .map(({ at, message }) => `${at || 'the request'} ${message}`)
        .slice(0, 5)
        .join('; ')
      return sendProblem(reply, problemOf(fault('REQUEST_INVALID', { why }), errors))
    }
    if (isFault(error)) {
      if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer')
      return sendProblem(reply, problemOf(error))
    }
    const { code, statusCode } = error as { code?: string; statusCode?: number }
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return sendProblem(reply, problemOf(fault('REQUEST_TOO_LARGE', { limit: request.routeOptions.bodyLimit ?? 0 })))
    }
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      return sendProblem(reply, problem(415, 'REQUEST_INVALID', 'The body must be application/json.'))
    }
    if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
      return sendProblem(reply, problem(statusCode, 'REQUEST_INVALID', (error as Error).message))
    }
    core.onBug(error)
    return sendProblem(reply, problemOf(fault('INTERNAL')))
  })
}

export function sendProblem(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type('application/problem+json').serializer(JSON.stringify).send(body)
}
