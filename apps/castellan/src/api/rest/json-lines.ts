import { once } from 'node:events'
import type { FastifyReply } from 'fastify'

/** Sends lines of JSON as they come. A reader that does not read is waited for. */
export function beginLines<Line>(reply: FastifyReply, signal: AbortSignal): (line: Line) => Promise<void> {
  const { raw } = reply
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) raw.setHeader(name, value as string)
  raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
  return async line => {
    if (!raw.write(`${JSON.stringify(line)}\n`)) await once(raw, 'drain', { signal })
  }
}
