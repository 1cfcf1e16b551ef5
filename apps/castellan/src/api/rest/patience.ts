import type { FastifyRequest } from 'fastify'
import { LONGEST_WAIT } from '../longest-wait.ts'

/**
 * Milliseconds the caller would rather wait for a person than be told that one is needed; a wish, so what is not understood is
 * ignored and what is too long is cut. Source: RFC 7240, the preference `wait` in seconds.
 */
export function patienceOf({ headers: { prefer } }: FastifyRequest): number {
  if (typeof prefer !== 'string') return 0
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(prefer) ?? []
  return Math.min(Number(seconds ?? 0) * 1_000, LONGEST_WAIT)
}
