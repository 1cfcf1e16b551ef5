import { setTimeout as delay } from 'node:timers/promises'
import { type Attempts, phases } from './attempts.ts'
import type { Caller } from './clients.ts'
import type { Plane } from './plane.ts'
import type { Random } from '../support/random.ts'
import type { Shelf } from './shelf.ts'

/** The moments at which a control plane at work is killed. */
export const moments = [
  'any time',
  ...phases.flatMap(phase => [`ledger ${phase}`, `tools ${phase}`] as const),
  'call answered',
  'write sent',
  'write answered',
  'crowd',
] as const
export type Moment = (typeof moments)[number]

/** Lets the work go on for a while and then kills the control plane at that moment. */
export async function killAt(
  moment: Moment,
  {
    plane,
    caller,
    attempts,
    shelf,
    random,
  }: {
    readonly plane: Plane
    readonly caller: Caller
    readonly attempts: Attempts
    readonly shelf: Shelf
    readonly random: Random
  },
): Promise<void> {
  await delay(random.int(100, 600))
  const [server, phase] = moment.split(' ')
  switch (moment) {
    case 'any time':
    case 'crowd':
      return plane.kill()
    case 'call answered':
      attempts.onAnswer = ({ effect }) => effect !== 'read' && plane.kill()
      break
    case 'write answered':
      shelf.onAcknowledged = () => plane.kill()
      break
    case 'write sent': {
      const wait = random.int(0, 6)
      shelf.onWriting = () => setTimeout(() => plane.kill(), wait)
      break
    }
    default: {
      const attempt = attempts.make(server === 'tools' ? 'tools' : 'ledger', 'act', random.chance(0.5), { die: phase })
      caller.call(attempt).then(
        answer => attempts.answered(attempt, answer),
        () => undefined,
      )
    }
  }
  await Promise.race([plane.ended, delay(10_000, undefined, { ref: false })])
  attempts.onAnswer = shelf.onAcknowledged = shelf.onWriting = () => undefined
  if (plane.isGone) return
  plane.kill()
  throw new Error(`the moment "${moment}" did not come within ten seconds`)
}
