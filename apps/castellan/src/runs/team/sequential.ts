import { answered, failed, open, type Outcome } from './outcome.ts'
import type { Entry, Table } from './table.ts'
import { section, told, written } from './words.ts'

/** One after the other, each with what those before have produced. What the last one says is the answer. */
export function sequential(table: Table): Outcome {
  const { team } = table.seen.definition
  const before: Entry[] = []
  for (const member of team.members) {
    const order = before.length === 0 ? '' : section('Your part', 'Go on from what the others have produced.')
    const message = told(
      team,
      member,
      table.seen.input.message,
      written('What the others have produced', before),
      order,
    )
    const heard = table.hear({ verb: 'answer', round: 0, member: member.name }, message)
    switch (heard.is) {
      case 'answered':
        before.push(heard.entry)
        break
      case 'open':
        return open
      case 'failed':
        return failed(`the member "${member.name}" failed: ${heard.why}; those after it have nothing to go on with`, [
          heard.step,
        ])
      case 'spent':
        return failed(spentBefore(table, `"${member.name}" was asked`))
      default:
        throw heard satisfies never
    }
  }
  return answered(before.at(-1)!)
}

/** The sentence for tokens that did not suffice. */
export function spentBefore(table: Table, what: string): string {
  const { input, output } = table.usage
  return `the team had used ${input + output} of its ${table.seen.definition.team.maxTokens} tokens before ${what}`
}
