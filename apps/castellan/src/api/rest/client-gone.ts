import type { FastifyReply } from 'fastify'

/** Aborts when the client leaves before it has its answer; the connection closes after every answer, too. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const left = () => {
    if (!raw.writableFinished) gone.abort()
  }
  raw.once('close', left)
  if (raw.closed) left()
  return gone.signal
}
