import { readSigned, writeSigned } from '../kernel/index.ts'

/** A step of a run that waits to be called. */
export interface CallableStep {
  readonly tenant: string
  readonly run: string
  readonly step: string
}

/** Tokens by which those outside call a step of a run: whoever has one may call that step and no other. */
export class StepTokens {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = key
  }

  write({ tenant, run, step }: CallableStep): string {
    return writeSigned({ t: tenant, r: run, s: step }, this.#key)
  }

  /** Null for what we did not write. */
  read(token: string): CallableStep | null {
    const { t: tenant, r: run, s: step } = readSigned(token, this.#key) ?? {}
    if (typeof tenant !== 'string' || typeof run !== 'string' || typeof step !== 'string') return null
    return { tenant, run, step }
  }
}
