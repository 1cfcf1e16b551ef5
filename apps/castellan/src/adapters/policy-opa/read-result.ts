import type { Decision, Obligations } from '../../gate/index.ts'

/** What a policy said: a decision, but for what only the engine that asked can add. */
export type Said = Pick<Decision, 'allow' | 'reasons' | 'obligations'>

/**
 * Reads the result of a policy, wherever it was evaluated: `true`, `false`, or an object with
 *
 *     allow        true or false
 *     reasons      why, for the journal: a list or set of texts
 *     obligations  what is demanded of a call that is allowed: { require_approval, redact, dry_run }, each true or false
 *
 * What else is in the object are rules that the policy needs for itself. Anything that does not fit denies, and so does an
 * obligation that nobody knows: ignoring it would be doing what was allowed only under a condition.
 */
export function readResult(result: unknown): Said {
  if (typeof result === 'boolean') return { allow: result, reasons: [] }
  if (!isObject(result)) return denied('its result is neither true, false nor an object')
  const { allow, reasons = [], obligations = {} } = result
  if (typeof allow !== 'boolean') return denied('in its result "allow" is neither true nor false')
  if (!isTexts(reasons)) return denied('in its result "reasons" is not a list of texts')
  const shown = reasons.slice(0, MOST).map(shortened)
  if (!allow) return { allow, reasons: shown }
  const demanded = readObligations(obligations)
  if ('refused' in demanded) return denied(demanded.refused)
  const { requireApproval, redact, dryRun } = demanded
  return requireApproval || redact || dryRun
    ? { allow, reasons: shown, obligations: demanded }
    : { allow, reasons: shown }
}

const NAMES = ['require_approval', 'redact', 'dry_run']

function readObligations(given: unknown): Obligations | { readonly refused: string } {
  if (!isObject(given)) return { refused: 'in its result "obligations" is not an object' }
  for (const [name, value] of Object.entries(given)) {
    if (!NAMES.includes(name)) return { refused: `it demands "${shortened(name)}", which nobody here can do` }
    if (typeof value !== 'boolean') return { refused: `in its obligations "${name}" is neither true nor false` }
  }
  return {
    requireApproval: given['require_approval'] === true,
    redact: given['redact'] === true,
    dryRun: given['dry_run'] === true,
  }
}

/** Most reasons of one decision that are kept, and most characters of each: the journal keeps them for ever. */
const MOST = 20
const LONGEST = 300

function shortened(text: string): string {
  const whole = text.toWellFormed().replace(/[\x00-\x1f\x7f]/g, ' ')
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST).toWellFormed()}…` : whole
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function denied(...reasons: readonly string[]): Said {
  return { allow: false, reasons }
}
