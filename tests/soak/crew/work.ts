import type { Rest } from '../../support/rest.ts'
import type { Random } from '../../support/random.ts'
import type { Tally } from '../tally.ts'

/** What everybody needs who works on the control plane. */
export interface Work {
  readonly rest: Rest
  readonly random: Random
  readonly tally: Tally
  /** Whether servers ask their clients, too. */
  readonly elicitation: boolean
  /** When it is time to rest: what was begun is brought to its end. */
  readonly over: AbortSignal
}

/** Milliseconds within which everything is answered, on a machine that is busy with other things. */
export const PATIENCE = 60_000

/** Does something again and again until it is time to rest; what is thrown was an answer that did not come. */
export async function keep(work: Work, who: string, turn: () => Promise<void>): Promise<void> {
  while (!work.over.aborted) {
    try {
      await turn()
      work.tally.did(`turns of ${who}`)
    } catch (error) {
      work.tally.found(
        'lost answer',
        `${who}: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error)}`,
      )
      await pause(200)
    }
    await pause(work.random.int(0, 40))
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
