import { categoryFrom, metrics, type ProviderFinding, type Stage } from '../../guardrails/index.ts'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'

export type Dialect = 'castellan' | 'openai'

/** What is sent, and what is understood of the answer; null when that is none. */
interface Speech {
  question(text: string, stage: Stage, model: string | null): JsonObject
  read(body: unknown): Said | null
}

interface Said {
  readonly findings: readonly ProviderFinding[]
  readonly version: string
}

/**
 *   castellan   `{text, stage}` and `{signals: [{metric, category, confidence, start?, end?}], version?}`: ours, in
 *               docs/how-to/add-a-guardrail-provider.md
 *   openai      the moderations of the OpenAI API, and of many who speak it: `{model, input}` and
 *               `{model, results: [{categories, category_scores}]}`. Source: OpenAI API reference, "Create moderation".
 */
export const dialects: Readonly<Record<Dialect, Speech>> = {
  castellan: {
    question: (text, stage) => ({ text, stage }),
    read(body) {
      if (!isJsonObject(body) || !Array.isArray(body['signals'])) return null
      const findings = (body['signals'] as readonly unknown[]).map(findingIn)
      const version = body['version'] ?? UNNAMED
      if (typeof version !== 'string' || !findings.every(each => each !== null)) return null
      return { findings, version: version.slice(0, 100) }
    },
  },
  openai: {
    question: (text, _, model) => ({ model, input: text }),
    read(body) {
      if (!isJsonObject(body) || !Array.isArray(body['results']) || body['results'].length !== 1) return null
      const [result] = body['results'] as readonly unknown[]
      const version = body['model'] ?? UNNAMED
      if (!isJsonObject(result) || typeof version !== 'string') return null
      const { categories, category_scores: scores } = result
      if (!isJsonObject(categories) || !isJsonObject(scores)) return null
      const findings = Object.entries(scores).map(([name, confidence]): ProviderFinding | null => {
        const category = categoryFrom(name)
        // What it flags is a finding however low its score is: its scores are not on one scale.
        const flagged = categories[name] === true
        if (category === null || !isConfidence(confidence)) return null
        return {
          metric: 'toxicity',
          category,
          confidence: flagged ? Math.max(confidence, FLAGGED) : confidence,
          place: null,
        }
      })
      return findings.every(each => each !== null) ? { findings, version: version.slice(0, 100) } : null
    },
  },
}

/** What is made of a finding that a service is sure of without saying how sure. */
const FLAGGED = 0.5
const UNNAMED = 'unnamed'

function findingIn(signal: unknown): ProviderFinding | null {
  if (!isJsonObject(signal)) return null
  const { metric, category: name, confidence, start, end } = signal
  const known = metrics.find(each => each === metric)
  const category = typeof name === 'string' ? categoryFrom(name) : null
  if (known === undefined || category === null || !isConfidence(confidence)) return null
  if (start === undefined && end === undefined) return { metric: known, category, confidence, place: null }
  if (typeof start !== 'number' || typeof end !== 'number') return null
  return { metric: known, category, confidence, place: { start, end } }
}

function isConfidence(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1
}
