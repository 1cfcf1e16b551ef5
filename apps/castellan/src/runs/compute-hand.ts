import type { Run } from './run.ts'
import type { StepEnd, Work } from './step.ts'
import type { Expressions } from './workflow/expressions.ts'

export interface ComputeHandParts {
  readonly expressions: Pick<Expressions, 'evaluate'>
  /** Where others call a step of a run. */
  readonly callbackOf: (run: Pick<Run, 'tenant' | 'id'>, step: string) => string
}

/** Evaluates what a step wants evaluated. What came of it is written down, so it is evaluated once, whatever it says of time or chance. */
export async function compute(
  { expressions, callbackOf }: ComputeHandParts,
  run: Run,
  { computation }: Extract<Work, { is: 'compute' }>,
  signal: AbortSignal,
): Promise<StepEnd> {
  const { template, scope, callbacks } = computation
  const addresses = Object.entries(callbacks).map(([name, step]) => [name, callbackOf(run, step)])
  const evaluated = await expressions.evaluate(
    template,
    { ...scope, run: { id: run.id, name: run.name }, callbacks: Object.fromEntries(addresses) },
    signal,
  )
  if (signal.aborted) return { is: 'ended', outcome: 'cancelled', data: {} }
  if (evaluated.is === 'failed') return { is: 'ended', outcome: 'error', data: { why: evaluated.why } }
  return { is: 'ended', outcome: 'ok', data: {}, payload: { value: evaluated.value } }
}
