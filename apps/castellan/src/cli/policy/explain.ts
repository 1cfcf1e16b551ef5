import type { Command } from 'commander'
import type { CallDecision, PolicyDecision } from '@castellan/contracts'
import type { CommandLine } from '../command-line.ts'
import { properties, table } from '../output.ts'

export function explainCommand(policy: Command, line: CommandLine): void {
  policy
    .command('explain <call>')
    .description('Why a call was allowed or denied, by which policies, and whether it would be today')
    .action(async (id: string) => {
      const decision = await line.during('asking for the decision', line.controlPlane().calls.decision(id))
      line.speak().result(decision, inWords)
    })
}

function inWords(decision: CallDecision): string {
  const { question, args, stopped_by: stopped, today } = decision
  const facts: [string, string | null][] = [
    ['call', decision.call_id],
    ['at', decision.at],
    ['outcome', decision.outcome ?? 'not known yet'],
    ['policy', decision.ruling ?? 'was not asked'],
    ['stopped by', stopped && `${stopped.guard}: ${stopped.reasons.join('; ')}`],
    ['principal', question && who(question.principal)],
    ['tool', question && `${question.server}/${question.name} (${question.method} over ${question.via})`],
    ['effect', question && [question.effect, ...marks(question)].join(', ')],
    ['seen', question && [...question.labels, ...question.found].join(', ')],
    ['arguments', args ? JSON.stringify(args) : notKept[decision.kept]],
  ]
  const decided = decision.decisions.length > 0 ? ['', byEngine(decision.decisions)] : []
  return [properties(facts), ...decided, '', inWordsToday(today)].join('\n')
}

const notKept = { whole: null, redacted: null, gone: 'erased', never: 'were not kept' } as const

function who({ name, kind, id, roles }: NonNullable<CallDecision['question']>['principal']): string {
  return `${name} (${kind} ${id}), ${roles.length > 0 ? roles.join(', ') : 'no roles'}`
}

function marks(question: NonNullable<CallDecision['question']>): string[] {
  return [
    ...(question.open_world ? ['open world'] : []),
    question.trusted ? 'trusted server' : 'untrusted server',
    ...(question.dry_run ? ['dry run'] : []),
  ]
}

function byEngine(decisions: readonly PolicyDecision[]): string {
  return table(
    ['engine', 'says', 'because of', 'demands', 'version', 'digest'],
    decisions.map(({ engine, allow, reasons, obligations, version, digest }) => [
      engine,
      allow ? 'allow' : 'deny',
      reasons.length > 0 ? reasons.join(', ') : 'nothing permits it',
      obligations.join(', ') || null,
      version,
      digest,
    ]),
  )
}

function inWordsToday({ ruling, same, decisions, why }: CallDecision['today']): string {
  if (ruling === null) return `Today cannot be told: ${why}.`
  if (same === true) return `Today it would be the same: ${ruling}.`
  return `Today it would be otherwise: ${ruling}.\n\n${byEngine(decisions)}`
}
