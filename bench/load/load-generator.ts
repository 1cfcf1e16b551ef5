import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Load, Plan } from './plan.ts'

const program = new URL('./process.ts', import.meta.url).pathname

/** A process that makes calls, so that neither what is measured nor what starts it has to wait for it. */
export class LoadGenerator implements AsyncDisposable {
  readonly #child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

  /** One plan at a time. Throws when calls are not answered at all. */
  async run(plan: Plan): Promise<Load> {
    const { promise, resolve, reject } = Promise.withResolvers<Load>()
    const onMessage = ({ load, error }: { load?: Load; error?: string }) =>
      load === undefined ? reject(new Error(error)) : resolve(load)
    const onExit = () => reject(new Error('the load generator ended'))
    this.#child.once('message', onMessage).once('exit', onExit)
    this.#child.send(plan)
    try {
      return await promise
    } finally {
      this.#child.off('message', onMessage).off('exit', onExit)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
