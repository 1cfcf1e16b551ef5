import { type Clock, isFault } from '../kernel/index.ts'
import type { Health } from './server.ts'

/** Failed probes in a row that make a server `inactive`. */
export const INACTIVE_AFTER = 3

export const unknownHealth: Health = { status: 'unknown', failures: 0, checkedAt: null, latency: null, reason: null }

export function probed(latency: number, clock: Clock): Health {
  return { status: 'active', failures: 0, checkedAt: clock.now().toISOString(), latency, reason: null }
}

export function probeFailed(before: Health, error: unknown, clock: Clock): Health {
  const failures = before.failures + 1
  return {
    status: isFault(error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
      ? 'needs_authorization'
      : failures >= INACTIVE_AFTER
        ? 'inactive'
        : 'error',
    failures,
    checkedAt: clock.now().toISOString(),
    latency: null,
    // Anything but a fault is a bug whose message may hold anything, so it stays in the log.
    reason: isFault(error) ? error.message : 'an internal error; the log has it',
  }
}

/**
 * Milliseconds until a server is probed again: the interval when well, otherwise sooner at first and then backing off to
 * four intervals, always with jitter so that many servers do not come back in step. Never gives up.
 */
export function nextProbeIn(health: Health, interval: number, random: () => number = Math.random): number {
  if (health.failures === 0) return interval * (0.9 + 0.2 * random())
  const backoff = Math.min(interval * 4, 1_000 * 2 ** Math.min(health.failures, 16))
  return backoff * (0.5 + 0.5 * random())
}
