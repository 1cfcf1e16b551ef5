import { type Leg, legs, type Revision, revisions, type Score } from './suite.ts'
import { reasonFor } from './unsupported.ts'

/** The scores of one side at one revision. */
export interface Result {
  readonly leg: Leg
  readonly revision: Revision
  readonly scores: readonly Score[]
}

/**
 * The page that tells how we do, given the scores of both sides at all revisions and the version of the suite. It says the same as
 * long as the scores are the same: counts are of distinct checks, and there is no time and no place in it.
 */
export function conformanceReport(results: readonly Result[], version: string): string {
  const score = (leg: Leg, revision: Revision, scenario: string) => scoresOf(leg, revision).find(isOf(scenario))
  const scoresOf = (leg: Leg, revision: Revision) =>
    results.filter(result => result.leg === leg && result.revision === revision).flatMap(({ scores }) => scores)
  const row = (leg: Leg) => (scenario: string) =>
    `| ${scenario} | ${revisions.map(revision => cell(score(leg, revision, scenario))).join(' | ')} |`

  return `# Conformance

How Castellan does in the official conformance suite, \`@modelcontextprotocol/conformance\` ${version}, with its requirement sets for
${revisions.join(' and ')}. \`npm run conformance\` writes this page.

- **server**: the suite is the client of a control plane, and calls what a server made with the official SDK offers behind the gate
  ([fixture-server.ts](../../tests/conformance/fixture-server.ts)). The same scenarios run against that server alone, past the gate,
  with \`npm run conformance -- --leg server --direct\`, and all that are scored pass.
- **client**: the suite is the server behind the gate, and a client calls it through the control plane
  ([client.ts](../../tests/conformance/client.ts)).

A scenario passes when none of its checks fails. The numbers are those of its distinct checks: all that passed, or how many failed;
a warning is about something that should be so and need not.

| scored scenarios that pass | ${revisions.join(' | ')} |
| --- | ${revisions.map(() => '---').join(' | ')} |
${legs.map(leg => `| ${leg} | ${revisions.map(revision => tally(scoresOf(leg, revision))).join(' | ')} |`).join('\n')}
${legs
  .map(leg => {
    const scores = results.filter(result => result.leg === leg).flatMap(result => result.scores)
    const names = (scored: boolean) => unique(scores.filter(({ unscored }) => (unscored === null) === scored))
    const whys = (scenario: string) => scores.find(isOf(scenario))?.unscored
    return `
## ${leg === 'server' ? 'Server' : 'Client'}

| scenario | ${revisions.join(' | ')} |
| --- | ${revisions.map(() => '---').join(' | ')} |
${names(true).map(row(leg)).join('\n')}

Run and not scored, for the reason the suite gives:

| scenario | ${revisions.join(' | ')} | reason |
| --- | ${revisions.map(() => '---').join(' | ')} | --- |
${names(false)
  .map(scenario => `${row(leg)(scenario)} ${whys(scenario)} |`)
  .join('\n')}
`
  })
  .join('')}
## What fails, check by check

${results.flatMap(troubles).join('\n')}

## What is not supported, and why

${unsupported(results)}
`
}

/** One line for each failing scenario that we mean to pass. */
function troubles({ leg, revision, scores }: Result): readonly string[] {
  return scores
    .filter(({ scenario, failed, warned }) => failed.length + warned.length > 0 && reasonFor(scenario) === undefined)
    .map(({ scenario, failed, warned }) => {
      const checks = [...failed.map(id => `\`${id}\``), ...warned.map(id => `\`${id}\` (warning)`)]
      return `- ${leg}, ${revision}, ${scenario}: ${checks.join(', ')}`
    })
}

function unsupported(results: readonly Result[]): string {
  const failing = results.flatMap(({ scores }) => scores).filter(({ failed }) => failed.length > 0)
  const byReason = Map.groupBy(failing, ({ scenario }) => reasonFor(scenario))
  return [...byReason]
    .filter(([reason]) => reason !== undefined)
    .map(([reason, scores]) => `- ${reason}\n  Scenarios: ${unique(scores).join(', ')}.`)
    .join('\n')
}

function cell(score: Score | undefined): string {
  if (score === undefined) return ''
  const { passed, failed, warned } = score
  const looked = passed.length + failed.length
  if (looked + warned.length === 0) return 'nothing to look at'
  const warnings = warned.length === 0 ? '' : `, ${warned.length} ${warned.length === 1 ? 'warning' : 'warnings'}`
  return failed.length === 0 ? `passes (${looked})${warnings}` : `**fails** (${failed.length} of ${looked})${warnings}`
}

function tally(scores: readonly Score[]): string {
  const scored = scores.filter(({ unscored }) => unscored === null)
  return `${scored.filter(({ failed }) => failed.length === 0).length} of ${scored.length}`
}

function unique(scores: readonly Score[]): readonly string[] {
  return [...new Set(scores.map(({ scenario }) => scenario))]
}

function isOf(scenario: string): (score: Score) => boolean {
  return score => score.scenario === scenario
}
