/** What somebody is to do for a team, once: the name of the step has it all. */
export interface Task {
  readonly verb: Verb
  /** From 1 where there are rounds; 0 where there are none. */
  readonly round: number
  /** Name of a member; of the agent, for who judges or merges without being one. */
  readonly member: string
}

export type Verb = (typeof verbs)[number]

const verbs = ['answer', 'turn', 'propose', 'criticise', 'revise', 'vote', 'judge', 'merge'] as const

/** Such as `revise.2.ann`. */
export function stepOf({ verb, round, member }: Task): string {
  return `${verb}.${round}.${member}`
}

export function taskOf(step: string): Task | null {
  const [verb, round, member] = step.split('.')
  const known = verbs.find(each => each === verb)
  return known === undefined || member === undefined ? null : { verb: known, round: Number(round), member }
}
