import { type Account, stands } from '../support/account.ts'
import type { Attempt } from './attempts.ts'

/** Correlation id under which a keyed call is asked for once more. */
export const again = (attempt: Attempt): string => `${attempt.id}-again`

/** How a call that was neither refused nor lost may end. */
const endings = new Set(['ok', 'error', 'timeout', 'cancelled', 'indeterminate'])
/** Attempts of the control plane at an idempotent call. */
const MOST_ATTEMPTS = 3

/** Holds what clients were told, what the journal says and what servers did against each other. Returns what is wrong. */
export function audit(
  attempts: readonly Attempt[],
  account: Account,
  effectsOf: (attempt: Attempt) => number,
): string[] {
  return attempts.flatMap(attempt => auditOne(attempt, account, effectsOf(attempt)))
}

function auditOne(attempt: Attempt, account: Account, happened: number): string[] {
  const { id, effect, answer } = attempt
  const wrong: string[] = []
  const expect = (isSo: boolean, otherwise: string) => {
    if (!isSo) wrong.push(`${effect} call ${id} (${attempt.server} ${attempt.tool}) ${otherwise}`)
  }
  const [trace] = account.callsOf(id).filter(each => each.intended)
  const intents = [id, again(attempt)].flatMap(each => account.callsOf(each)).filter(each => each.intended)
  const standing = intents.filter(stands)

  if (answer !== null) {
    expect(endings.has(answer.outcome), `was answered with ${answer.outcome}`)
    // The lines of a read may be written after its answer, and be lost with the process.
    if (trace || effect !== 'read') {
      expect(trace !== undefined, `was answered and is not in the journal`)
      expect(trace?.outcome === answer.outcome, `was answered with ${answer.outcome}, journaled as ${trace?.outcome}`)
      expect([null, trace?.callId].includes(answer.callId), `was answered under another id`)
    }
    if (answer.text !== null) expect(answer.text === id, `was answered with the result of ${answer.text}`)
  }
  if (effect === 'read') return wrong
  expect(happened === 0 || intents.length > 0, `took effect without an intent in the journal`)
  expect(standing.length <= 1, `has ${standing.length} ends that stand`)
  expect(happened <= (effect === 'unsafe' ? 1 : MOST_ATTEMPTS * intents.length), `took effect ${happened} times`)
  if (standing[0]?.outcome === 'ok') expect(happened > 0, `is ok and never took effect`)
  return wrong
}

/** Reads that were answered and are not in the journal: their lines were still on their way. */
export function unwrittenReads(attempts: readonly Attempt[], account: Account): number {
  return attempts.filter(({ id, effect, answer }) => effect === 'read' && answer && !account.callsOf(id).length).length
}
