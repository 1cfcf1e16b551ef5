import type { ReportSession, ReportStep } from '@castellan/contracts'
import type { Guardrails } from '../guardrails/index.ts'
import type { Journal } from '../journal/index.ts'
import { Recent } from '../kernel/index.ts'

/** Takes out of texts what nobody is to see in a report, wherever they come from. The same text always becomes the same. */
export class Mask {
  readonly #guardrails: Guardrails
  readonly #journal: Pick<Journal, 'conceal'>
  /** Names come again with each step. */
  readonly #names = new Recent<string, string>(2_000)

  constructor(guardrails: Guardrails, journal: Pick<Journal, 'conceal'>) {
    this.#guardrails = guardrails
    this.#journal = journal
  }

  /** A text without personal data, secrets and ways out; where a detector does not work, not shown at all. */
  text(text: string): string {
    const { redacted, unavailable } = this.#guardrails.scan(this.#journal.conceal(text), 'result')
    return unavailable.length > 0 ? NOT_SHOWN : redacted
  }

  name(name: string): string {
    let masked = this.#names.get(name)
    if (masked === undefined) {
      masked = this.text(name)
      this.#names.set(name, masked)
    }
    return masked
  }

  step(step: ReportStep): ReportStep {
    const { error, guard, output_text: output, reasons, run_id: run, selected_tool: tool } = step
    return {
      ...step,
      error: error && this.name(error),
      guard: guard && this.name(guard),
      output_text: output && this.text(output),
      reasons: reasons.map(reason => this.name(reason)),
      run_id: run && this.name(run),
      selected_tool: tool && this.name(tool),
    }
  }

  session(session: ReportSession): ReportSession {
    const { kind, model_name: model, name, principal, session_id: id } = session
    return {
      ...session,
      model_name: model && this.name(model),
      name: name && this.name(name),
      principal: { id: principal.id, name: principal.name && this.name(principal.name) },
      // Those that clients make up can hold anything; ours are ours.
      session_id: kind === 'named' && id !== null ? this.name(id) : id,
    }
  }
}

const NOT_SHOWN = '(not shown: it could not be looked through)'
