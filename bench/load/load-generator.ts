import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Load, Plan } from './plan.ts'

const program = new URL('./process.ts', import.meta.url).pathname

/** A process that makes calls, so that neither what is measured nor what starts it has to wait for it. */
export class LoadGenerator implements AsyncDisposable {
  readonly #child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

  /** One plan at a time. Throws when calls are not answered at all. */
  async run(plan: Plan): Promise<Load> {
    this.#child.send(plan)
    const [told] = (await once(this.#child, 'message')) as [{ load?: Load; error?: string }]
    if (told.load === undefined) throw new Error(told.error)
    return told.load
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
