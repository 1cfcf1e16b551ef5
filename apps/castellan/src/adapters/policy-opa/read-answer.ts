import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { Decision } from '../../gate/index.ts'
import { type Answer, statusLine } from '../http-client/index.ts'
import { readResult } from './read-result.ts'

/** What came of a question: a decision, or why there is none, and then whether OPA was there to give one. */
export type Reading =
  | { readonly is: 'decided'; readonly decision: Omit<Decision, 'policyDigest'> }
  /** OPA answered, and its answer is none. */
  | { readonly is: 'unfit'; readonly why: string; readonly unauthorized?: true }
  /** Nobody answered. */
  | { readonly is: 'silent'; readonly why: string }

/**
 * Reads what OPA's data API answered (`POST /v1/data/<path>?provenance=true`). An error of an evaluation is an answer: whoever
 * can provoke one must not win anything by it, whatever the operator says about an OPA that is not there.
 */
export function readAnswer(answer: Exclude<Answer, { is: 'lost' }>): Reading {
  if (answer.is === 'oversized') return { is: 'unfit', why: 'its answer is too large' }
  const { status, body } = answer
  if (GATEWAYS.has(status)) return { is: 'silent', why: `it answered ${statusLine(status)}` }
  if (status === 401 || status === 403)
    return { is: 'unfit', why: `it does not let us ask: ${statusLine(status)}`, unauthorized: true }
  if (status !== 200) return { is: 'unfit', why: `it answered ${statusLine(status)}` }
  const document = parsed(body)
  if (!document) return { is: 'unfit', why: 'its answer is not a JSON object' }
  if (!Object.hasOwn(document, 'result')) return { is: 'unfit', why: 'it has no decision under this path' }
  const { decision_id: id, provenance } = document
  const revision = revisionIn(provenance)
  return {
    is: 'decided',
    decision: {
      ...readResult(document['result']),
      ...(typeof id === 'string' ? { decisionId: id.slice(0, 200) } : {}),
      ...(revision === null ? {} : { revision }),
    },
  }
}

/** What a proxy says for an OPA that is not there, and what a server says that has no time: nothing was evaluated. */
const GATEWAYS = new Set([429, 502, 503, 504])

function parsed(body: Buffer): JsonObject | null {
  try {
    // Anything but UTF-8 is no JSON, and must not become something else by being mended.
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}

/** The revision of the only bundle, or of each by its name; of an older OPA, the one it names. */
function revisionIn(provenance: unknown): string | null {
  if (!isJsonObject(provenance)) return null
  const bundles = isJsonObject(provenance['bundles']) ? Object.entries(provenance['bundles']) : []
  const revisions = bundles.flatMap(([name, bundle]) =>
    isJsonObject(bundle) && typeof bundle['revision'] === 'string' ? [[name, bundle['revision']] as const] : [],
  )
  const all =
    revisions.length === 1 ? revisions[0]![1] : revisions.map(([name, revision]) => `${name}=${revision}`).join(' ')
  const shown = all === '' ? provenance['revision'] : all
  return typeof shown === 'string' && shown !== '' ? shown.slice(0, 200) : null
}
