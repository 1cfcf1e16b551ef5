import type { Finding } from './finding.ts'

/** Where in the life of a conversation a text is looked at. */
export const stages = ['preflight', 'tool_manifest', 'arguments', 'result', 'model_input', 'model_output'] as const
export type Stage = (typeof stages)[number]

/** What is done about a finding, and about a text as a whole: the least first. */
export const actions = ['allow', 'warn', 'redact', 'block'] as const
export type Action = (typeof actions)[number]

/** A finding, and what is done about it. */
export interface Signal extends Finding {
  readonly action: Action
}
