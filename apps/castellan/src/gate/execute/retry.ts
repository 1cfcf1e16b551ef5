import { setTimeout as delay } from 'node:timers/promises'
import type { EffectClass } from '../../registry/index.ts'
import type { Reply } from '../connector.ts'

const BASE = 200
const CAP = 5_000

/**
 * Whether a broken attempt may be repeated: reads and idempotent calls after faults that may pass, unsafe ones only when
 * it is certain that nothing was sent.
 */
export function mayRepeat(effect: EffectClass, reply: Extract<Reply, { is: 'broken' }>): boolean {
  if (!reply.retryable) return false
  switch (effect) {
    case 'read':
    case 'idempotent':
      return true
    case 'unsafe':
      return !reply.sent
    default:
      throw effect satisfies never
  }
}

/**
 * Milliseconds before attempt `next` (2 is the first repetition): exponential with full jitter, but at least what the
 * server asked for. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015; RFC 9110 section 10.2.3.
 */
export function pauseBefore(next: number, retryAfter: number | null, random: () => number = Math.random): number {
  const exponential = random() * Math.min(CAP, BASE * 2 ** (next - 2))
  return Math.max(exponential, retryAfter ?? 0)
}

/** Waits, or rejects with the signal's reason. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted())
}
