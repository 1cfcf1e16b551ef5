import { connect } from '../../support/mcp-client.ts'
import { envelope } from '../../support/raw-mcp.ts'
import { callOf } from '../wishes.ts'
import { keep, PATIENCE, pause, type Work } from './work.ts'

/** Clients of 2025 that watch a resource, have it change, and must be told. */
export function watchers(work: Work): Promise<void> {
  const { random, tally, rest } = work
  return keep(work, 'a client that watches', async () => {
    await using client = await connect(rest, '2025-11-25')
    const told = Promise.withResolvers<void>()
    client.setNotificationHandler('notifications/resources/updated', () => told.resolve())
    // Several servers have a resource of this name, so each has one of ours.
    const server = random.pick(['files', 'live', 'web'])
    const { resources } = await client.listResources()
    const uri = resources.map(({ uri }) => uri).find(uri => uri.startsWith(`castellan://${server}/`))
    if (uri === undefined) return tally.found('wrong list', `${resources.length} resources, and none of ${server}`)
    await client.subscribeResource({ uri })
    let late: NodeJS.Timeout | undefined
    const patience = new Promise<'late'>(resolve => (late = setTimeout(() => resolve('late'), PATIENCE)))
    const { tool, wish } = callOf(random, server, 'touch')
    await client.callTool({ name: `${server}__${tool}`, arguments: { ...wish } }, { timeout: PATIENCE })
    const how = await Promise.race([told.promise, patience])
    clearTimeout(late)
    tally.did('watched')
    if (how === 'late') tally.found('lost news', `whoever watches ${uri} was not told that it changed`)
    if (random.chance(0.5)) await client.unsubscribeResource({ uri })
  })
}

/** Clients of 2026 that listen for a while. */
export function listeners(work: Work): Promise<void> {
  const { random, tally, rest } = work
  return keep(work, 'a client that listens', async () => {
    const leaving = new AbortController()
    const params = { notifications: { toolsListChanged: true }, _meta: envelope }
    const response = await fetch(`${rest.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${rest.key}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }),
      signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(PATIENCE)]),
    })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const { value } = await reader.read()
    tally.did('listened')
    if (!value?.includes('subscriptions/acknowledged'))
      tally.found('lost answer', `a listener was answered HTTP ${response.status}: ${String(value).slice(0, 200)}`)
    await pause(random.int(100, 3_000))
    leaving.abort()
  })
}
