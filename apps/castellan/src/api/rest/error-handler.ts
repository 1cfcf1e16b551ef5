import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '@castellan/contracts'
import { fault, isFault } from '../../kernel/index.ts'
import type { Core } from '../core.ts'
import { answerHeaders } from './answer-headers.ts'
import { problem, problemOf } from './problem.ts'
import { InvalidRequest } from './validate.ts'

/** Makes every error of a route a problem (RFC 9457). Bugs are told to us, never to the caller. */
export function handleErrors(app: FastifyInstance, core: Core): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof InvalidRequest) {
      return sendProblem(reply, problemOf(fault('REQUEST_INVALID', { why: error.message }), [...error.complaints]))
    }
    if (isFault(error)) return sendProblem(reply, problemOf(error))
    const known = fromFastify(error, request.routeOptions.bodyLimit ?? request.server.initialConfig.bodyLimit ?? 0)
    if (known) return sendProblem(reply, known)
    core.onBug(error)
    return sendProblem(reply, problemOf(fault('INTERNAL')))
  })
}

/** For what fails before there is a route, such as a path that is not valid percent-encoded text. */
export function refuseUnreadable(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const why = 'the path is not valid percent-encoded UTF-8, or a part of it is too long'
  void sendProblem(reply.headers(answerHeaders), problemOf(fault('REQUEST_INVALID', { why })))
}

export function sendProblem(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type('application/problem+json').serializer(JSON.stringify).send(body)
}

function fromFastify({ code, statusCode }: FastifyError, limit: number): Problem | undefined {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return problemOf(fault('REQUEST_TOO_LARGE', { limit }))
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return problem(415, 'REQUEST_INVALID', 'The body must be JSON; send "Content-Type: application/json".')
  }
  // The files of the reference: what must not be shown is as good as absent.
  if (statusCode === 403 || statusCode === 404) return nothingHere()
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined
  return problem(
    statusCode,
    'REQUEST_INVALID',
    'The request is not valid HTTP: its headers and its body do not fit together.',
  )
}

export function nothingHere(): Problem {
  return problem(404, 'NOT_FOUND', 'There is nothing at this path; /docs shows those there are.')
}
