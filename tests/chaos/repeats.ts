import { type Account, stands } from '../support/account.ts'
import type { Answer, Attempt } from './attempts.ts'
import { again } from './audit.ts'
import type { Caller } from './clients.ts'

/** Most calls repeated after one restart. */
const MOST = 40

/**
 * Asks for keyed calls of before the restart once more: one whose end is known, or may not be repeated, is answered with
 * that end and does not take effect again; any other runs now. Returns how many were asked for, and what is wrong.
 */
export async function repeatKeyed(
  caller: Caller,
  attempts: readonly Attempt[],
  account: Account,
  effects: () => Promise<(attempt: Attempt) => number>,
): Promise<{ readonly asked: number; readonly wrong: string[] }> {
  const repeats = chosen(attempts).map(attempt => ({ attempt, known: knownOf(attempt, account) }))
  // That would be one more kill.
  const asked = repeats.filter(({ attempt, known }) => known !== null || attempt.args['die'] === undefined)
  const before = await effects()
  const answers = await Promise.all(asked.map(({ attempt }) => caller.call(attempt, again(attempt)).catch(unanswered)))
  const after = await effects()

  const wrong = asked.flatMap(({ attempt, known }, index) => {
    const { id, effect } = attempt
    const { outcome, replayOf } = answers[index]!
    const made = after(attempt) - before(attempt)
    const found: string[] = []
    const expected = known?.outcome ?? 'ok'
    // A tool that may be tried again sometimes fails each time.
    const unlucky = known === null && effect !== 'unsafe' && outcome === 'error'
    if (outcome !== expected && !unlucky) found.push(`is ${outcome} and must be ${expected}`)
    if (replayOf !== (known?.callId ?? null)) found.push(`is a replay of ${replayOf}`)
    if (known !== null && made !== 0) found.push('took effect again')
    if (known === null && effect === 'unsafe' && made !== 1) found.push(`took effect ${made} times`)
    return found.map(what => `${effect} call ${id}, asked for again after ${known?.outcome ?? 'nothing'}, ${what}`)
  })
  return { asked: asked.length, wrong }
}

/** Such as by a control plane that let the call through to the tool that kills it. */
function unanswered(error: unknown): Pick<Answer, 'outcome' | 'replayOf'> {
  return { outcome: `unanswered (${String(error)})`, replayOf: null }
}

function chosen(attempts: readonly Attempt[]): readonly Attempt[] {
  const keyed = attempts.filter(attempt => attempt.keyed)
  const interrupted = keyed.filter(({ answer }) => answer === null)
  return [...keyed.filter(({ answer }) => answer !== null).slice(-10), ...interrupted].slice(0, MOST)
}

/** What the key of a call stands for; null when the call never got that far, or may be made again. */
function knownOf({ id }: Attempt, account: Account) {
  return account.callsOf(id).find(trace => trace.intended && stands(trace)) ?? null
}
