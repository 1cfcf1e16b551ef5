import type { ServerResponse } from 'node:http'
import { PassingSet } from '../kernel/index.ts'

/** The answers to requests that have not left yet. Streams that clients hold open with GET do not count. */
export interface OpenAnswers {
  watch(method: string, response: ServerResponse): void
  /** Resolves when none is left, or after so many milliseconds. */
  sent(patience: number): Promise<void>
}

export function openAnswers(): OpenAnswers {
  const open = new PassingSet<ServerResponse>()
  let emptied: () => void = () => undefined
  return {
    watch(method, response) {
      if (method === 'GET') return
      open.add(response)
      response.once('close', () => {
        open.delete(response)
        if (open.size === 0) emptied()
      })
    },
    async sent(patience) {
      if (open.size === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      emptied = resolve
      const timer = setTimeout(resolve, patience)
      await promise
      clearTimeout(timer)
    },
  }
}
