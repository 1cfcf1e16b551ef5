import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { LinkEvents } from '../../gate/index.ts'
import type { Wire } from './wire.ts'

/** First and longest wait before a stream that ended is opened again, and longest wait for its confirmation, milliseconds. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 60_000

export interface Listening {
  /** Listens for changes of these resources, too, and no others; resolves with those the server will tell of. */
  watch(uris: readonly string[]): Promise<readonly string[]>
  stop(): void
}

/**
 * Keeps one `subscriptions/listen` stream open for the changes the server says it announces, and for the resources that are
 * watched; none while there is nothing to hear. The notifications themselves arrive through the wire. After a gap every list
 * counts as changed, and so does every watched resource.
 *
 * Source: MCP 2026-07-28, subscriptions.
 */
export function listen(wire: Wire, capabilities: JsonObject, events: LinkEvents): Listening {
  const lists = (['tools', 'resources', 'prompts'] as const).filter(list => {
    const announced = capabilities[list]
    return isJsonObject(announced) && announced.listChanged === true
  })
  const announced = Object.fromEntries(lists.map(list => [`${list}ListChanged`, true]))

  let watched: readonly string[] = []
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let current: AbortController | null = null
  let wait = FIRST_WAIT
  /** Whether news may have been missed since the last stream ended. */
  let gap = false
  /** Streams are opened one after the other; who wants one while another is on its way gets the next. */
  let opening: Promise<readonly string[]> = Promise.resolve([])
  let next: Promise<readonly string[]> | null = null

  const again = (): void => {
    current = null
    if (stopped) return
    gap = true
    clearTimeout(timer)
    timer = setTimeout(() => void renew(), wait).unref()
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }

  const open = async (): Promise<readonly string[]> => {
    clearTimeout(timer)
    const uris = watched
    const before = current
    if (stopped || (lists.length === 0 && uris.length === 0)) {
      current = null
      before?.abort()
      return []
    }
    const stream = new AbortController()
    const { promise: honoured, resolve } = Promise.withResolvers<readonly string[] | null>()
    current = stream
    const patience = setTimeout(() => stream.abort(), LONGEST_WAIT)
    void wire
      .request({
        method: 'subscriptions/listen',
        params: { notifications: uris.length === 0 ? announced : { ...announced, resourceSubscriptions: [...uris] } },
        signal: stream.signal,
        onAcknowledged: params => resolve(urisOf(params)),
      })
      .then(() => {
        resolve(null)
        // It is told to end, or replaced, or a server has no room for streams now; its `ttlMs` covers the last.
        if (current === stream) again()
      })
    const uri = await honoured
    clearTimeout(patience)
    // Only now, so that nothing is missed in between; what comes by both is told twice.
    before?.abort()
    if (uri === null) return []
    wait = FIRST_WAIT
    if (gap) {
      gap = false
      lists.forEach(events.onListChanged)
      for (const each of uri) events.onResourceUpdated?.(each)
    }
    return uri
  }

  const renew = (): Promise<readonly string[]> => {
    next ??= opening.then(() => {
      next = null
      return (opening = open())
    })
    return next
  }
  void renew()

  return {
    watch(uris) {
      watched = uris
      return renew()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      current?.abort()
    },
  }
}

function urisOf({ notifications }: JsonObject): readonly string[] {
  const uris = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined
  return Array.isArray(uris) ? uris.filter(uri => typeof uri === 'string') : []
}
