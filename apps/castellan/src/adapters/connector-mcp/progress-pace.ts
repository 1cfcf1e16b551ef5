import type { JsonObject } from '../../kernel/index.ts'

/** So many reports are handed on in so many milliseconds; of those beyond only the latest, at the end of the span. */
const MOST = 100
const SPAN = 100

export interface Pace {
  readonly take: (params: JsonObject) => void
  /** Hands on what is still held back, since the answer is here. */
  readonly end: () => void
}

/** Hands on the progress of one call as it comes, unless it comes in a flood. */
export function paced(handOn: (params: JsonObject) => void): Pace {
  let since = Number.NEGATIVE_INFINITY
  let count = 0
  let held: JsonObject | null = null
  let timer: NodeJS.Timeout | undefined

  const release = (): void => {
    clearTimeout(timer)
    timer = undefined
    const last = held
    held = null
    if (last !== null) handOn(last)
  }

  return {
    take(params) {
      const now = performance.now()
      if (now - since >= SPAN) {
        since = now
        count = 0
      }
      if (count++ < MOST) {
        held = null
        handOn(params)
      } else {
        held = params
        timer ??= setTimeout(release, SPAN)
      }
    },
    end: release,
  }
}
