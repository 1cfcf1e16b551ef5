import { digestJson, type Fault, fault } from '../../kernel/index.ts'
import type { Model, ModelProvider, ModelRequest } from '../../runs/index.ts'
import { nearest } from './nearest.ts'
import { openTape, type Recorded } from './tape.ts'

export interface CassetteOptions {
  readonly file: string
  /** Who is asked, and whose answers are written down; null plays what was written and asks nobody. */
  readonly record: Model | null
}

/**
 * Answers of a model that are written down once and played ever after. Recording asks the model each time and keeps the newest answer to
 * each request; faults are not kept. A request that was not recorded is refused, with where the nearest one differs.
 *
 * Prompts and answers are written as they are. Keys are in no request, so none is written.
 */
export function cassetteModel({ file, record }: CassetteOptions): ModelProvider {
  const tape = openTape(file)

  return {
    async step(request, signal, onDelta) {
      signal.throwIfAborted()
      const refused = (why: string): Fault => fault('MODEL_REFUSED', { model: request.model, why })
      const asked = withoutProvider(request)
      const digest = digestOf(asked, refused)
      const steps = await tape.read().catch((error: Error) => {
        throw refused(error.message)
      })
      if (record) {
        const reply = await record.step(request, signal, onDelta)
        await tape.write({ digest, request: asked, reply }).catch((error: Error) => {
          throw refused(error.message)
        })
        return reply
      }
      const known = steps.get(digest)
      if (!known) throw refused(missing(file, asked, [...steps.values()]))
      if (known.reply.text !== '') onDelta?.({ is: 'text', text: known.reply.text })
      return known.reply
    },
    close: () => tape.written(),
  }
}

/** A cassette must play also when its provider is called something else. */
function withoutProvider(request: ModelRequest): ModelRequest {
  return { ...request, model: request.model.slice(request.model.indexOf('/') + 1) }
}

function digestOf(request: ModelRequest, refused: (why: string) => Fault): string {
  try {
    return digestJson(request)
  } catch {
    throw refused('the request has no canonical form, so its answer could not be found again')
  }
}

function missing(file: string, asked: ModelRequest, steps: readonly Recorded[]): string {
  const close = nearest(
    asked,
    steps.map(({ request }) => request),
  )
  return close === null
    ? `the cassette ${file} is empty; record it first`
    : `the cassette ${file} has no such request; of its ${steps.length} the nearest differs first at ${close}; record it anew`
}
