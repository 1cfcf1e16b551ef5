import type * as wire from '@castellan/contracts'

interface Way {
  readonly step: (step: wire.SessionStepInput, signal?: AbortSignal) => Promise<wire.SessionStep>
  readonly close: () => Promise<wire.Session>
}

/** A session that was opened: `await using session = await client.startSession()` closes it, whatever happens. */
export class Session implements AsyncDisposable {
  /** As it was when it was opened. */
  readonly opened: wire.SessionOpened
  readonly #way: Way
  #closed: Promise<wire.Session> | undefined

  constructor(opened: wire.SessionOpened, way: Way) {
    this.opened = opened
    this.#way = way
  }

  get id(): string {
    return this.opened.id
  }

  /** Looks at a text, or calls a tool. Aborting the signal cancels the call. Throws `ApiProblem` or `Unreachable`. */
  step(step: wire.SessionStepInput, signal?: AbortSignal): Promise<wire.SessionStep> {
    return this.#way.step(step, signal)
  }

  /** Ends it, and gives its totals. Idempotent. */
  close(): Promise<wire.Session> {
    return (this.#closed ??= this.#way.close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
