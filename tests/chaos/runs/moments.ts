import { deaths } from './work.ts'

/** Entries of which each is a boundary: before it is written there is nothing of it, after it nothing that follows. */
const entries = [
  'run.queued',
  'run.started',
  'model.requested',
  'model.ended',
  'tool.requested',
  'approval.requested',
  'tool.parked',
  'approval.approved',
  'approval.used',
  'call.intended',
  'call.ended',
  'tool.ended',
  'compute.requested',
  'compute.ended',
  'child.requested',
  'child.ended',
  'wait.requested',
  'wait.answered',
  'wait.ended',
  'run.completed',
  'run.failed',
] as const

export type Boundary = `${'before' | 'after'} ${(typeof entries)[number]}`

export const boundaries: readonly Boundary[] = entries.flatMap(type => [`before ${type}`, `after ${type}`] as const)

/** What a round does to the control planes. */
export const moments = [
  ...boundaries,
  ...deaths.map(death => `call ${death}` as const),
  'any time',
  'a model is asked',
  'stands still',
  'the clock jumps',
  'the database falls',
  'NATS is away',
] as const
export type Moment = (typeof moments)[number]

export function isBoundary(moment: Moment): moment is Boundary {
  return moment.startsWith('before ') || moment.startsWith('after ')
}
