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

  /** A text without personal data, secrets and ways out; where a detector does not work, not shown at all. Nobody else sees it. */
  async text(text: string): Promise<string> {
    const { redacted, unavailable } = await this.#guardrails.scan(this.#journal.conceal(text), 'result', {}, { alone: true }) // prettier-ignore
    return unavailable.length > 0 ? NOT_SHOWN : redacted
  }

  async name(name: string): Promise<string> {
    let masked = this.#names.get(name)
    if (masked === undefined) {
      masked = await this.text(name)
      this.#names.set(name, masked)
    }
    return masked
  }

  async step(step: ReportStep): Promise<ReportStep> {
    const { error, guard, output_text: output, reasons, run_id: run, selected_tool: tool } = step
    return {
      ...step,
      error: error && (await this.name(error)),
      guard: guard && (await this.name(guard)),
      output_text: output && (await this.text(output)),
      reasons: await Promise.all(reasons.map(reason => this.name(reason))),
      run_id: run && (await this.name(run)),
      selected_tool: tool && (await this.name(tool)),
    }
  }

  async session(session: ReportSession): Promise<ReportSession> {
    const { kind, model_name: model, name, principal, session_id: id } = session
    return {
      ...session,
      model_name: model && (await this.name(model)),
      name: name && (await this.name(name)),
      principal: { id: principal.id, name: principal.name && (await this.name(principal.name)) },
      // Those that clients make up can hold anything; ours are ours.
      session_id: kind === 'named' && id !== null ? await this.name(id) : id,
    }
  }
}

const NOT_SHOWN = '(not shown: it could not be looked through)'
