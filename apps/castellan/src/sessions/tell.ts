import { type Answer, wireOutcome } from '../gate/index.ts'
import { isJsonObject, type JsonValue } from '../kernel/index.ts'

/** The decision of a step that called a tool. */
export function decisionOf(answer: Answer): string {
  switch (answer.is) {
    case 'denied':
      return answer.code
    case 'needsApproval':
      return 'needs_approval'
    case 'dryRun':
      return 'dry_run'
    case 'outcome':
      return wireOutcome(answer.outcome)
    default:
      throw answer satisfies never
  }
}

/** What a tool said in words; null when it said nothing. */
export function outputOf(answer: Answer): string | null {
  if (answer.is !== 'outcome' || !('result' in answer.outcome)) return null
  const { content } = answer.outcome.result
  if (!Array.isArray(content)) return null
  const texts = (content as readonly JsonValue[]).flatMap(block =>
    isJsonObject(block) && typeof block['text'] === 'string' ? [block['text']] : [],
  )
  return texts.length === 0 ? null : texts.join('\n')
}

/** Why there is no result. */
export function errorOf(answer: Answer): string | null {
  if (answer.is === 'denied') return answer.message
  if (answer.is !== 'outcome') return null
  if ('error' in answer.outcome) return answer.outcome.error.message
  return 'message' in answer.outcome ? answer.outcome.message : null
}

/** The beginning of a text, which is as much as is kept. */
export function beginning(text: string | null): string | null {
  return text === null || text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
}

/** Characters. */
const LONGEST = 200
