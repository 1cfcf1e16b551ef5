import type { Random } from '../support/random.ts'

/** The phases of a call at which the tool itself kills the control plane. */
export const phases = ['asked', 'late', 'done', 'answered'] as const
export type Phase = (typeof phases)[number]

export type Effect = 'read' | 'idempotent' | 'unsafe'

/** One call a client asked for; its id is its correlation id, its idempotency key if it has one, and its argument. */
export interface Attempt {
  readonly id: string
  readonly round: number
  readonly server: 'ledger' | 'tools'
  readonly tool: string
  readonly effect: Effect
  readonly keyed: boolean
  readonly args: Readonly<Record<string, unknown>>
  /** What the client was told; null while, or because, it was told nothing. */
  answer: Answer | null
}

export interface Answer {
  /** The wire name of an outcome, or the code of a refusal. */
  readonly outcome: string
  /** Null where the surface does not tell it. */
  readonly callId: string | null
  /** The call this answer is a replay of. */
  readonly replayOf: string | null
  /** What the tool said, if it said anything. */
  readonly text: string | null
}

/** What each tool of both servers may do, in the operator's words. */
export const effects: Readonly<Record<string, Effect>> = {
  act: 'unsafe',
  slow: 'unsafe',
  fork: 'unsafe',
  put: 'idempotent',
  look: 'read',
}

/** Every call that was ever asked for. */
export class Attempts {
  readonly all: Attempt[] = []
  /** Failures that were no answers, while the control plane lived. */
  readonly broken: string[] = []
  round = 0
  /** Told of every answer. */
  onAnswer: (attempt: Attempt) => void = () => undefined

  /** Any call: some tool, with or without a key. */
  any(random: Random): Attempt {
    const server = random.pick(['ledger', 'tools'] as const)
    const common = ['act', 'act', 'act', 'put', 'put', 'look'] as const
    const tool = server === 'ledger' && random.chance(0.15) ? random.pick(['slow', 'fork']) : random.pick(common)
    return this.make(server, tool, random.chance(0.4), tool === 'slow' ? { ms: random.int(20, 150) } : {})
  }

  make(server: Attempt['server'], tool: string, keyed: boolean, args: Attempt['args'] = {}): Attempt {
    const id = `r${this.round}-${this.all.length}`
    const effect = effects[tool]!
    const attempt: Attempt = {
      id,
      round: this.round,
      server,
      tool,
      effect,
      keyed,
      args: { id, ...args },
      answer: null,
    }
    this.all.push(attempt)
    return attempt
  }

  answered(attempt: Attempt, answer: Answer): void {
    attempt.answer = answer
    this.onAnswer(attempt)
  }
}
