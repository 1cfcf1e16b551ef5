/** A team as its owner describes it: who is in it, and how they come to an answer. */
export interface Team {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  readonly description: string
  readonly members: readonly Member[]
  readonly protocol: Protocol
  /** Tokens of all members together; null for no limit. */
  readonly maxTokens: number | null
  readonly version: number
}

export type TeamSpec = Omit<Team, 'id' | 'tenant' | 'version'>

export interface Member {
  /** Unique in its team. */
  readonly name: string
  /** Name of the agent. */
  readonly agent: string
  /** Put before everything it is told. */
  readonly role: string
}

export type Protocol =
  /** One after the other, each with what those before have produced. */
  | { readonly is: 'sequential' }
  /** All at once. */
  | { readonly is: 'parallel'; readonly merge: Merge }
  /** Blind proposals, rounds of critique and revision, a decision. */
  | {
      readonly is: 'collaborative'
      readonly rounds: number
      readonly decide: { readonly is: 'vote' } | { readonly is: 'judge'; readonly agent: string }
      readonly quorum: Quorum
      /** Whether it is decided once all hold the same proposal to be the best. */
      readonly earlyStop: boolean
    }
  /** One at a time, who answers or hands over. */
  | { readonly is: 'handoff'; readonly start: string; readonly mostHandoffs: number }

export type ProtocolOf<Is extends Protocol['is']> = Extract<Protocol, { readonly is: Is }>

export type Merge =
  | { readonly is: 'concat' | 'first' | 'majority' }
  | { readonly is: 'expression'; readonly expression: string }
  | { readonly is: 'agent'; readonly agent: string }

/** Which part of all members: more than half, all, or so much of them. */
export type Quorum = 'majority' | 'unanimous' | number

/** How many of so many must agree. */
export function neededOf(quorum: Quorum, members: number): number {
  if (quorum === 'unanimous') return members
  // What is a whole number but for how numbers are kept, such as 0.07 × 100, is that number.
  return quorum === 'majority' ? Math.floor(members / 2) + 1 : Math.ceil(quorum * members - 1e-9)
}

/** Every agent that a team names, and where: by JSON Pointer. */
export function agentsOf({ members, protocol }: Pick<Team, 'members' | 'protocol'>): readonly AgentPlace[] {
  const named = members.map(({ name, agent }, index) => ({
    at: `/members/${index}/agent`,
    who: `member "${name}"`,
    agent,
  }))
  if (protocol.is === 'parallel' && protocol.merge.is === 'agent')
    return [...named, { at: '/protocol/merge/agent', who: 'merge', agent: protocol.merge.agent }]
  if (protocol.is === 'collaborative' && protocol.decide.is === 'judge')
    return [...named, { at: '/protocol/decide/agent', who: 'judge', agent: protocol.decide.agent }]
  return named
}

interface AgentPlace {
  readonly at: string
  readonly who: string
  readonly agent: string
}
