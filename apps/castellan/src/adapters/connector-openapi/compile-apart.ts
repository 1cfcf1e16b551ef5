import { Worker } from 'node:worker_threads'
import { fault, type Fault, formatDuration } from '../../kernel/index.ts'
import type { Connection, Timeouts } from '../../registry/index.ts'
import type { CompileOptions } from './compile.ts'
import type { CompiledDocument } from './operation.ts'

export interface CompileOrder extends CompileOptions {
  readonly server: string
  /** Names the document, and where it may be read from. */
  readonly connection: Extract<Connection, { transport: 'openapi' }>
  /** Sent when the document is fetched. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeouts: Timeouts
}

export type CompileReport =
  | { readonly is: 'compiled'; readonly document: CompiledDocument }
  | { readonly is: 'invalid' | 'unreachable' | 'timeout' | 'refused'; readonly why: string }

/**
 * Reads and compiles a document in a thread of its own, with bounded memory, which ends with the signal: however hostile a
 * document is, it costs nobody else their time.
 *
 * Throws `DOCUMENT_INVALID`, `UPSTREAM_UNREACHABLE`, `UPSTREAM_TIMEOUT` or `EGRESS_REFUSED`.
 */
export async function compileApart(order: CompileOrder, signal: AbortSignal): Promise<CompiledDocument> {
  const { server, timeouts } = order
  const overdue = () => fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(timeouts.connect) })
  if (signal.aborted) throw overdue()
  const worker = new Worker(new URL('./compile.thread.ts', import.meta.url), {
    workerData: order,
    name: 'openapi',
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  const { promise, resolve, reject } = Promise.withResolvers<CompileReport>()
  const onAbort = () => reject(overdue())
  signal.addEventListener('abort', onAbort, { once: true })
  worker.once('message', (report: CompileReport) => resolve(report))
  worker.once('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? invalid(server, 'it needs too much memory') : error),
  )
  worker.once('exit', () => reject(new Error('the thread ended without a report')))
  try {
    const report = await promise
    if (report.is === 'compiled') return report.document
    throw faultFor(report, server, timeouts)
  } finally {
    signal.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}

function faultFor({ is, why }: Exclude<CompileReport, { is: 'compiled' }>, server: string, timeouts: Timeouts): Fault {
  switch (is) {
    case 'invalid':
      return invalid(server, why)
    case 'unreachable':
      return fault('UPSTREAM_UNREACHABLE', { server, why: `its document: ${why}` })
    case 'refused':
      return fault('EGRESS_REFUSED', { server, why })
    case 'timeout':
      return fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(timeouts.read) })
    default:
      throw is satisfies never
  }
}

export function invalid(server: string, why: string): Fault {
  return fault('DOCUMENT_INVALID', { server, why })
}
