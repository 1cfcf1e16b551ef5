import { canonicalize, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { word } from '../word.ts'
import type { Voice } from './definition.ts'
import { answered, failed, open, type Outcome, valueAnswered } from './outcome.ts'
import { lost, quorumLost } from './quorum.ts'
import { spentBefore } from './sequential.ts'
import type { Entry, Table } from './table.ts'
import { neededOf, type ProtocolOf } from './team.ts'
import { section, told, written } from './words.ts'

/** All at once, none knowing of the others; what they say is made into one. Whoever fails is missing in that. */
export function parallel(table: Table, { merge }: ProtocolOf<'parallel'>): Outcome {
  const { team } = table.seen.definition
  const { message } = table.seen.input
  const all = team.members.map(member =>
    table.hear({ verb: 'answer', round: 0, member: member.name }, told(team, member, message)),
  )
  const answers = all.flatMap(heard => (heard.is === 'answered' ? [heard.entry] : []))
  const isOpen = all.some(({ is }) => is === 'open')
  if (merge.is === 'first') {
    const [first] = answers.toSorted((one, other) => one.version - other.version)
    if (first) return answered(first, first.version)
  }
  if (merge.is === 'majority') {
    const end = quorumLost(table, neededOf('majority', all.length), 'no answer can be that of the majority any more')
    if (end !== null) return end
  }
  if (isOpen) return open
  if (answers.length === 0) return lost('nobody answered', table.failed)
  switch (merge.is) {
    case 'first':
    case 'concat':
      return answered({
        response: answers.map(({ member, response }) => `## ${member}\n\n${response}`).join('\n\n'),
        structured: answers.map(inShort),
      })
    case 'majority':
      return majority(answers, all.length)
    case 'expression':
      return evaluated(table, merge.expression, answers)
    case 'agent':
      return merged(table, merge.agent, answers)
    default:
      throw merge satisfies never
  }
}

/** The same words, or the same value, of more than half of all. */
function majority(answers: readonly Entry[], members: number): Outcome {
  const camps = new Map<string, Entry[]>()
  for (const entry of answers) {
    const key = entry.structured === null ? entry.response.trim() : canonicalize(entry.structured)
    camps.set(key, [...(camps.get(key) ?? []), entry])
  }
  const [camp] = [...camps.values()].toSorted((one, other) => other.length - one.length)
  const [winner] = camp!
  const needed = neededOf('majority', members)
  const voices = (of: readonly Entry[], choice: (entry: Entry) => string): Voice[] =>
    of.map(entry => ({ member: entry.member, choice: choice(entry), reason: entry.response }))
  const campOf = (entry: Entry) => [...camps.values()].find(each => each.includes(entry))![0]!.member
  const votes = voices(answers, campOf)
  if (camp!.length < needed) {
    const sizes = [...camps.values()].map(each => each.length).join(', ')
    return failed(
      `no answer is that of the majority: ${needed} of ${members} must say the same, and it was ${sizes}`,
      [],
      votes,
    )
  }
  return {
    ...answered(winner!),
    verdict: { by: 'majority', winner: winner!.member, needed, of: members, votes },
    dissent: votes.filter(({ choice }) => choice !== winner!.member),
  }
}

function evaluated(table: Table, expression: string, answers: readonly Entry[]): Outcome {
  const input = table.seen.input as unknown as JsonObject
  const stand = table.evaluate(':merge', `=${expression}`, { input, answers: answers.map(inShort) })
  if (stand.is === 'open') return open
  const { outcome, payload, data } = stand.end
  if (outcome !== 'ok') return failed(`the expression that merges the answers failed: ${word(data['why'])}`, [':merge'])
  return valueAnswered(isJsonObject(payload) ? (payload['value'] ?? null) : null)
}

function merged(table: Table, agent: string, answers: readonly Entry[]): Outcome {
  const { team } = table.seen.definition
  const order = section('Your part', 'Make one answer to the task of these. Say nothing about how it came about.')
  const message = told(
    team,
    null,
    table.seen.input.message,
    written('What the members of a team answered', answers),
    order,
  )
  const heard = table.hear({ verb: 'merge', round: 0, member: agent }, message)
  if (heard.is === 'open') return open
  if (heard.is === 'spent') return failed(spentBefore(table, 'its answers were merged'))
  if (heard.is === 'failed')
    return failed(`the agent "${agent}", which merges the answers, failed: ${heard.why}`, [heard.step])
  return answered(heard.entry)
}

function inShort({ member, response, structured }: Entry): JsonValue {
  return { member, response, structured }
}
