import { type Clock, fault } from '../kernel/index.ts'
import type { DecisionLog } from './decision-log.ts'
import type { BundleHolder } from './policy-engine.ts'
import { type Rehearsal, replay, type ReplayStep, type ReplayWish } from './replay.ts'
import type { Rules } from './rules.ts'

/** Policies to be tried: files for the engine that holds ours, or a bundle for the one that decides by bundles. */
export type Candidate =
  | { readonly files: Readonly<Record<string, string>> }
  /** The bytes of the file. */
  | { readonly bundle: Uint8Array }

/** A replay that has begun. */
export interface Begun {
  readonly engine: string
  /** Of the policies that are tried, and of those in force. */
  readonly digests: { readonly candidate: string; readonly inForce: string }
  readonly steps: AsyncIterable<ReplayStep>
}

/** Tries policies on what was decided. Few at a time: each has policies and a memory of its own. */
export class Replays {
  readonly #parts: {
    readonly rules: Rules
    readonly bundles: BundleHolder | null
    readonly log: DecisionLog
    readonly clock: Clock
  }
  #underWay = 0

  constructor(parts: {
    readonly rules: Rules
    readonly bundles: BundleHolder | null
    readonly log: DecisionLog
    readonly clock: Clock
  }) {
    this.#parts = parts
  }

  /**
   * Begins a replay; `use` gets it, and when `use` ends so does it. Throws `POLICY_INVALID` for a candidate that could not be
   * put in force, `REQUEST_INVALID` for one that nobody here decides by, and `REPLAY_LIMIT`.
   */
  async run(
    candidate: Candidate,
    wish: ReplayWish,
    signal: AbortSignal,
    use: (begun: Begun) => Promise<void>,
  ): Promise<void> {
    if (this.#underWay >= MOST_AT_ONCE) throw fault('REPLAY_LIMIT', { limit: MOST_AT_ONCE })
    this.#underWay++
    try {
      const rehearsal = await this.#rehearse(candidate, wish.tenant)
      try {
        await use({
          engine: rehearsal.candidate.engine,
          digests: { candidate: rehearsal.candidate.digest, inForce: rehearsal.inForce.digest },
          steps: replay(this.#parts, rehearsal, wish, signal),
        })
      } finally {
        await Promise.all([rehearsal.candidate.close(), rehearsal.inForce.close()])
      }
    } finally {
      this.#underWay--
    }
  }

  async #rehearse(candidate: Candidate, tenant: string): Promise<Rehearsal> {
    const { rules, bundles } = this.#parts
    if ('files' in candidate) return rules.rehearse(tenant, candidate.files)
    if (bundles) return bundles.rehearse(candidate.bundle)
    throw fault('REQUEST_INVALID', {
      why: 'no engine here decides by a bundle; try the files of a policy set, or set policy.engines to opa-wasm',
    })
  }
}

const MOST_AT_ONCE = 2
