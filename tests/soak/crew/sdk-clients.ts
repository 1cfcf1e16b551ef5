import type { Client } from '@modelcontextprotocol/client'
import { callTool, connect, type Revision, toolNames } from '../../support/mcp-client.ts'
import { anyCall, type Asked, callOf, check, steadyServers, type Told } from '../wishes.ts'
import { keep, PATIENCE, pause, type Work } from './work.ts'

/** Clients of the official SDK, on one revision: they come, work for a while, and go in one way or another. */
export function sdkClients(work: Work, revision: Revision): Promise<void> {
  const { random, tally, over, rest, elicitation } = work
  const who = `an SDK client of ${revision}`
  return keep(work, who, async () => {
    const client = await connect(rest, revision, elicitation ? { capabilities: { elicitation: { form: {} } } } : {})
    if (elicitation) client.setRequestHandler('elicitation/create', sayBack)
    try {
      for (let acts = random.int(3, 25); acts > 0 && !over.aborted; acts--) await act(client)
      if (revision === '2025-11-25' && random.chance(0.5)) await endSession(client)
    } finally {
      await client.close()
    }
  })

  async function act(client: Client): Promise<void> {
    switch (random.pick([...usual, ...(elicitation ? (['ask'] as const) : [])])) {
      case 'call':
        return call(client, anyCall(random))
      case 'burst':
        return void (await Promise.all(Array.from({ length: 6 }, () => call(client, anyCall(random)))))
      case 'ask':
        tally.did('asked')
        return call(client, callOf(random, random.pick(['files', 'web', 'live']), 'ask'))
      case 'progress':
        return progress(client, callOf(random, random.pick(['files', 'web', 'web26', 'live']), 'count'))
      case 'cancel':
        return cancel(client, {
          ...callOf(random, random.pick(steadyServers), 'slow'),
          wish: { id: 'cancelled', ms: 20_000 },
        })
      case 'list': {
        const names = await toolNames(client)
        tally.did('lists')
        if (!names.includes('files__echo')) tally.found('wrong list', `${names.length} tools without files__echo`)
        return
      }
      default: {
        const { resources } = await client.listResources()
        if (resources.length === 0) tally.found('wrong list', 'no resources')
        return
      }
    }
  }

  async function call(client: Client, asked: Asked): Promise<void> {
    check(tally, who, asked, await told(client, asked))
  }

  async function progress(client: Client, asked: Asked): Promise<void> {
    const steps: number[] = []
    const onprogress = ({ progress }: { progress: number }) => void steps.push(progress)
    check(tally, who, asked, await told(client, asked, { onprogress }))
    tally.did('progress', steps.length)
    const all = Array.from({ length: asked.wish.steps! }, (_, index) => index + 1)
    if (steps.join() !== all.join())
      tally.found('wrong progress', `${who} of ${asked.server} heard [${steps.join()}] of ${all.length}`)
  }

  async function cancel(client: Client, asked: Asked): Promise<void> {
    const signal = AbortSignal.timeout(random.int(1, 200))
    const answer = await told(client, asked, { signal }).catch(() => null)
    tally.did('cancelled')
    if (answer !== null)
      tally.found('wrong answer', `a cancelled call was told ${answer.outcome}: ${answer.text.slice(0, 100)}`)
    await pause(10)
  }
}

const usual = ['call', 'call', 'call', 'burst', 'progress', 'cancel', 'list', 'page'] as const

function sayBack({ params }: { readonly params: { readonly message: string } }) {
  return { action: 'accept' as const, content: { word: params.message } }
}

async function told(client: Client, { server, tool, wish }: Asked, options: object = {}): Promise<Told> {
  try {
    const { outcome, text } = await callTool(
      client,
      `${server}__${tool}`,
      { ...wish },
      { timeout: PATIENCE, ...options },
    )
    return { outcome: outcome === 'toolError' ? 'error' : outcome, text }
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    // JSON-RPC has negative codes; what the SDK says itself is that no answer came.
    if (typeof code !== 'number' || code >= 0 || code === -32001 || code === -32000) throw error
    return { outcome: 'rpc', text: message.replace(/^MCP error -\d+: /, '') }
  }
}

async function endSession(client: Client): Promise<void> {
  const { transport } = client as { transport?: { terminateSession?: () => Promise<void> } }
  await transport?.terminateSession?.()
}
