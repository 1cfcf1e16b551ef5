import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { fault, isFault } from '../../../kernel/index.ts'
import type { ReportFormat } from '../../../reports/index.ts'
import type { Core } from '../../core.ts'
import { see } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { beginLines } from '../json-lines.ts'
import { momentOf } from '../moment.ts'
import { problemOf } from '../problem.ts'
import type { TypedApp } from '../route.ts'
import { seesEverything } from '../whose.ts'

const file = z.string().meta({ format: 'binary' })

export function reportRoutes(app: TypedApp, { reports, reportFormat, clock, onBug }: Core): void {
  app.get(
    '/api/reports',
    {
      // A body that is made as it is read has no length to tell beforehand.
      exposeHeadRoute: false,
      schema: {
        operationId: 'getReport',
        tags: ['reports'],
        summary: 'A report on a session, a run, or all since a time; of members, on what they did',
        querystring: wire.reportQuery,
        response: {
          200: {
            description: 'OK',
            content: {
              'application/json': { schema: wire.report },
              'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': { schema: file },
              'text/html': { schema: z.string() },
              'application/x-ndjson': { schema: z.string() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { identity } = callerOf(request, see)
      const { format: name, progress, ...scope } = request.query
      const since = scope.since === undefined ? null : momentOf(scope.since, clock.now())
      const wish = { scope, since, identity, everything: seesEverything(identity) }
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const format = await reportFormat(name)
      const called = fileName(scope, name)
      if (progress) {
        const say = beginLines<wire.ReportLine>(reply, gone.signal)
        try {
          const report = await reports.open(
            wish,
            gone.signal,
            done => void say({ progress: done }).catch(() => undefined),
          )
          const { total_steps: steps } = report.summary
          await say({ file: { name: called, media_type: format.mediaType, steps } })
          for await (const part of inPieces(format.render(report))) await say({ part: part.toString('base64') })
          await say({ end: true })
        } catch (error) {
          if (gone.signal.aborted) return reply
          // The answer has begun, so that what went wrong can only be its last line.
          if (!isFault(error)) onBug(error)
          await say({ problem: problemOf(isFault(error) ? error : fault('INTERNAL')) })
        } finally {
          reply.raw.end()
        }
        return reply
      }
      const report = await reports.open(wish, gone.signal)
      const body = Readable.from(inPieces(format.render(report)), { objectMode: false })
      body.on('error', error => {
        // The answer has begun; the connection breaks, so that nobody takes the beginning for the whole.
        if (!gone.signal.aborted && !isFault(error)) onBug(error)
      })
      if (format.contentPolicy !== undefined) reply.header('content-security-policy', format.contentPolicy)
      // What is sent is the text of the answer, not the answer that its schema describes.
      return (reply as FastifyReply)
        .type(format.mediaType)
        .header('content-disposition', `${name === 'xlsx' ? 'attachment' : 'inline'}; filename="${called}"`)
        .send(body)
    },
  )
}

/** In pieces that are worth a write. */
async function* inPieces(parts: ReturnType<ReportFormat['render']>): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = []
  let size = 0
  for await (const part of parts) {
    const piece = typeof part === 'string' ? Buffer.from(part) : part
    pieces.push(piece)
    size += piece.length
    if (size < PIECE) continue
    yield Buffer.concat(pieces)
    pieces = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pieces)
}

const PIECE = 64 * 1024

/** What the file is called when it is kept. */
function fileName(scope: wire.ReportScope, format: string): string {
  const [[kind, what] = ['', '']] = Object.entries(scope)
  const words = what.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 60)
  return `castellan-${kind}-${words}.${format}`
}
