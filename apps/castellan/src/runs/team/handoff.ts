import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { word } from '../word.ts'
import { answered, failed, open, type Outcome } from './outcome.ts'
import { spentBefore } from './sequential.ts'
import type { Entry, Table } from './table.ts'
import type { Member, ProtocolOf } from './team.ts'
import { section, told, written } from './words.ts'

/** One at a time, who answers or hands over to another, with what there is so far. After so many hand-overs whoever has it answers. */
export function handoff(table: Table, { start, mostHandoffs }: ProtocolOf<'handoff'>): Outcome {
  const { team, agents } = table.seen.definition
  const before: Pick<Entry, 'member' | 'response'>[] = []
  let member = team.members.find(({ name }) => name === start)!
  for (let turn = 1; ; turn++) {
    const others = turn > mostHandoffs ? [] : team.members.filter(each => each !== member)
    const form = turnForm(others, agents[member.agent]!.definition.output)
    const parts = [written('What was done before', before), section('Your part', orderFor(others))]
    const message = told(team, member, table.seen.input.message, ...parts)
    const heard = table.hear({ verb: 'turn', round: turn, member: member.name }, message, form)
    if (heard.is === 'open') return open
    if (heard.is === 'failed') return failed(`the member "${member.name}" failed: ${heard.why}`, [heard.step])
    if (heard.is === 'spent') return failed(spentBefore(table, `it was the turn of "${member.name}"`))
    const { content } = heard.entry
    const { answer = null, hand_off_to: to = null } = isJsonObject(content) ? content : {}
    const response = typeof answer === 'string' ? answer : JSON.stringify(answer)
    const next = team.members.find(({ name }) => name === to)
    if (!next) return answered({ response, structured: typeof answer === 'string' ? null : answer })
    before.push({ member: member.name, response: `${response}\n\n(hands over to ${word(to)})` })
    member = next
  }
}

function turnForm(others: readonly Member[], output: JsonObject | null): JsonObject {
  const to: JsonObject =
    others.length === 0
      ? { type: 'null' }
      : { type: ['string', 'null'], enum: [...others.map(({ name }) => name), null] }
  return {
    type: 'object',
    properties: { answer: output ?? { type: 'string' }, hand_off_to: to },
    required: ['answer', 'hand_off_to'],
    additionalProperties: false,
  }
}

function orderFor(others: readonly Member[]): string {
  if (others.length === 0) return 'Answer the task. Nobody is left to hand over to.'
  const who = others.map(({ name, role }) => `- ${name}${role === '' ? '' : `: ${role}`}`)
  return [
    'Answer the task, with hand_off_to null; or say in your answer what you have done, and hand over to the one who is to go on:',
    ...who,
  ].join('\n')
}
