import { processesWith } from '../../support/processes.ts'
import { keep, pause, type Work } from './work.ts'

/** Kills processes of the unsteady stdio server, known by a mark among their arguments. */
export function killer(work: Work, mark: string): Promise<void> {
  const { random, tally } = work
  return keep(work, 'the killer', async () => {
    const wait = random.int(1_000, 6_000)
    for (let waited = 0; waited < wait && !work.over.aborted; waited += 100) await pause(100)
    const [victim] = processesWith(mark)
    if (victim === undefined) return
    process.kill(victim, 'SIGKILL')
    tally.did('servers killed')
  })
}
