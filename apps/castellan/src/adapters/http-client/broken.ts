import { STATUS_CODES } from 'node:http'
import type { Reply } from '../../gate/index.ts'
import { fault, type Fault, formatDuration } from '../../kernel/index.ts'
import type { Timeouts } from '../../registry/index.ts'
import type { Answer } from './http-client.ts'
import { retryAfter } from './retry-after.ts'

type Broken = Extract<Reply, { is: 'broken' }>

/** The reply for an answer that never came, or that says "not now": 408, 425, 429 and 5xx; otherwise undefined. */
export function brokenBy(answer: Answer): Broken | undefined {
  switch (answer.is) {
    case 'lost':
      return {
        is: 'broken',
        sent: answer.sent,
        retryable: !answer.aborted && answer.fault === undefined,
        retryAfter: null,
        why: answer.why,
        ...(answer.fault === undefined ? {} : { fault: answer.fault }),
      }
    case 'oversized':
      return undefined
    case 'answered':
      if (!isRetryable(answer.status)) return undefined
      return {
        is: 'broken',
        sent: true,
        retryable: true,
        retryAfter: retryAfter(answer.headers['retry-after'], new Date()),
        why: `it answered ${statusLine(answer.status)}`,
      }
    default:
      throw answer satisfies never
  }
}

/** The fault for an answer that proves a server dead or wrong; undefined when `isFine` says that it will do. */
export function faultOf(
  answer: Answer,
  server: string,
  timeouts: Timeouts,
  isFine: (status: number) => boolean,
): Fault | undefined {
  switch (answer.is) {
    case 'lost':
      if (answer.fault !== undefined) return answer.fault
      return answer.aborted || answer.timedOut
        ? fault('UPSTREAM_TIMEOUT', { server, timeout: formatDuration(answer.sent ? timeouts.read : timeouts.connect) })
        : fault('UPSTREAM_UNREACHABLE', { server, why: answer.why })
    case 'oversized':
      return isFine(answer.status) ? undefined : unfit(server, answer.status)
    case 'answered':
      return isFine(answer.status) ? undefined : unfit(server, answer.status)
    default:
      throw answer satisfies never
  }
}

function unfit(server: string, status: number): Fault {
  const why = `it answered ${statusLine(status)}`
  return fault(isRetryable(status) ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_PROTOCOL', { server, why })
}

/** Our own words for a status: the server's may say anything. */
export function statusLine(status: number): string {
  const words = STATUS_CODES[status]
  return words === undefined ? `HTTP ${status}` : `HTTP ${status} ${words}`
}

function isRetryable(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}
