import { hasEnded, type Run, type Told } from '../../../runs/index.ts'

/** Why an execution did not succeed, in a sentence; null when it did. */
export function errorOf(run: Run): string | null {
  if (run.state === 'cancelled') return 'It was cancelled.'
  return hasEnded(run) ? run.error : `It has not ended: the run ${run.id} is ${run.state}, and goes on.`
}

/** How long it took, or has taken so far. */
export function secondsOf({ queuedAt, endedAt }: Run, lines: readonly Told[]): number {
  const over = endedAt === null ? lines.at(-1)!.at : Date.parse(endedAt)
  return (over - Date.parse(queuedAt)) / 1_000
}
