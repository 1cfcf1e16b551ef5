import type { Redact } from '../approvals/index.ts'
import type { Guardrails } from '../guardrails/index.ts'

/**
 * Shows arguments to people without what the guardrails find in them: never a secret, and personal data only to those who have to
 * see it to decide. Where a detector does not work nothing is shown.
 */
export function redactArguments(guardrails: () => Promise<Guardrails>, onBug: (error: unknown) => void): Redact {
  return async (text, reader) => {
    try {
      const scan = await (await guardrails()).scan(text, 'arguments', {}, { alone: true })
      if (scan.unavailable.length > 0) return NOT_SHOWN
      if (reader === 'looks') return scan.redacted
      const { redacted } = await import('./looking.ts')
      return redacted(text, scan.signals.filter(({ metric }) => metric === 'secrets')) // prettier-ignore
    } catch (error) {
      onBug(error)
      return NOT_SHOWN
    }
  }
}

const NOT_SHOWN = '(not shown: they could not be looked through for secrets)'
