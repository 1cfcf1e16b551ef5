import { isFault, type JsonValue } from '../kernel/index.ts'
import type { Model, ModelDelta } from './model.ts'
import type { StepEnd, Work } from './step.ts'

/** Asks a model for one step. Whether it is asked again, or another one is, decides whoever reads how this ended. */
export async function askModel(
  model: Model,
  { request, timeout }: Extract<Work, { is: 'model' }>,
  signal: AbortSignal,
  onDelta: (delta: ModelDelta) => void,
): Promise<StepEnd> {
  const late = AbortSignal.timeout(timeout)
  try {
    const { text, calls, finish, usage, answeredBy } = await model.step(
      request,
      AbortSignal.any([signal, late]),
      onDelta,
    )
    return {
      is: 'ended',
      outcome: 'ok',
      data: {
        answered_by: answeredBy,
        finish,
        tokens_in: usage.input,
        tokens_out: usage.output,
        tokens_cached: usage.cached,
        ...(usage.guessed ? { tokens_guessed: true } : {}),
      },
      payload: { text, calls: calls as unknown as JsonValue, finish },
    }
  } catch (error) {
    if (signal.aborted) return { is: 'ended', outcome: 'cancelled', data: {} }
    if (late.aborted)
      return { is: 'ended', outcome: 'unavailable', data: { why: `it did not answer within ${timeout} ms` } }
    if (!isFault(error)) throw error
    const after = error.details['retry_after_ms']
    return {
      is: 'ended',
      outcome: error.retryable ? 'unavailable' : 'error',
      data: { fault: error.code, why: error.message, ...(typeof after === 'number' ? { retry_after_ms: after } : {}) },
    }
  }
}
