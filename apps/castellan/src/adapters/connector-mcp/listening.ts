import type { Client, McpSubscription } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { LinkEvents } from '../../gate/index.ts'

/** First and longest wait before a stream that ended is opened again, milliseconds. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 60_000

/**
 * Keeps one `subscriptions/listen` stream open for the changes the server says it announces; nothing when it says none.
 * The notifications themselves arrive through the wire. After a gap every list counts as changed.
 *
 * Source: MCP 2026-07-28, subscriptions.
 */
export function listen(client: Client, capabilities: JsonObject, events: LinkEvents): { stop(): void } | null {
  const lists = (['tools', 'resources', 'prompts'] as const).filter(list => {
    const announced = capabilities[list]
    return isJsonObject(announced) && announced.listChanged === true
  })
  if (lists.length === 0) return null
  const filter = Object.fromEntries(lists.map(list => [`${list}ListChanged`, true]))

  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let subscription: McpSubscription | undefined
  let wait = FIRST_WAIT

  const open = async (again: boolean): Promise<void> => {
    try {
      const opened = await client.listen(filter, { timeout: LONGEST_WAIT })
      if (stopped) return void opened.close().catch(() => {})
      subscription = opened
      wait = FIRST_WAIT
      if (again) lists.forEach(events.onListChanged)
      await opened.closed
    } catch {
      // A server may have no room for streams now; its `ttlMs` and the next discovery cover that.
    }
    subscription = undefined
    if (stopped) return
    timer = setTimeout(() => void open(true), wait).unref()
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
  void open(false)

  return {
    stop(): void {
      stopped = true
      clearTimeout(timer)
      subscription?.close().catch(() => {})
    },
  }
}
