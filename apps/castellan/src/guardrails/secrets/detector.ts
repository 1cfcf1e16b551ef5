import type { Detector } from '../detector.ts'
import { LiteralSearch } from '../literal-search.ts'
import type { View } from '../view.ts'
import { assignments } from './assignments.ts'
import { awsSecretKeys } from './aws-secret-keys.ts'
import { commands } from './commands.ts'
import { basicCredentials, bearerTokens } from './headers.ts'
import { innerMarks } from './inner-marks.ts'
import { jsonWebTokens } from './json-web-tokens.ts'
import { passwordHashes } from './password-hashes.ts'
import { pairs } from './pairs.ts'
import { encodedPrivateKeys, privateKeys } from './private-keys.ts'
import { providerTokens } from './provider-tokens.ts'
import type { Rule, Sighting } from './rule.ts'
import { urlCredentials } from './url-credentials.ts'
import { webhooks } from './webhooks.ts'

const rules: readonly Rule[] = [
  ...providerTokens,
  ...innerMarks,
  ...webhooks,
  awsSecretKeys,
  privateKeys,
  encodedPrivateKeys,
  jsonWebTokens,
  passwordHashes,
  urlCredentials,
  bearerTokens,
  basicCredentials,
  assignments,
  ...commands,
  ...pairs,
]

const literals = rules.flatMap((rule, number) => rule.literals.map(literal => ({ literal, rule, number })))
let search: LiteralSearch | undefined

/** Finds credentials: what opens something to whoever holds it, given out by a machine or thought up by a person. */
export const secretsDetector: Detector = {
  name: 'secrets',
  version: '1',
  metric: 'secrets',
  find(views) {
    const found = views.all.flatMap(view => (readable(view) ? sightingsIn(view) : []))
    return apart(found).map(sighting => ({ metric: 'secrets', ...sighting }))
  },
}

/** Letters joined and in lower case are words; no secret is left in them. */
function readable(view: View): boolean {
  return !view.through.includes('plain-letters')
}

/** What the rules see in one view, as stretches of the text that was given. */
function sightingsIn(view: View): Sighting[] {
  const found: Sighting[] = []
  const seenUpTo = new Uint32Array(rules.length)
  search ??= new LiteralSearch(literals.map(it => it.literal))
  search.each(view.text, (literal, start, end) => {
    const { rule, number } = literals[literal]!
    if (start < seenUpTo[number]!) return
    const sighting = rule.look(view.text, start, end)
    if (!sighting) return
    seenUpTo[number] = sighting.end
    if (sighting.confidence > 0) found.push({ ...sighting, ...view.original(sighting.start, sighting.end) })
  })
  return found
}

/** Of sightings that overlap the one most surely a secret, of equals the longest, of those the first; in the order of the text. */
function apart(sightings: readonly Sighting[]): Sighting[] {
  const kept: Sighting[] = []
  for (const sighting of sightings.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1)
    if (last === undefined || last.end <= sighting.start) kept.push(sighting)
    else if (better(sighting, last)) kept[kept.length - 1] = sighting
  }
  return kept
}

function better(one: Sighting, other: Sighting): boolean {
  if (one.confidence !== other.confidence) return one.confidence > other.confidence
  return one.end - one.start > other.end - other.start
}
