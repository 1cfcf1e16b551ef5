import { type Era, type RpcMessage, speaker } from '../../support/raw-mcp.ts'
import { anyCall, check, type Told } from '../wishes.ts'
import { keep, PATIENCE, type Work } from './work.ts'

/** Clients without any library: one connection for each message, sessions that are begun and forgotten. */
export function rawClients(work: Work, era: Era): Promise<void> {
  const { random, tally, over, rest } = work
  const who = `a raw client of ${era}`
  return keep(work, who, async () => {
    const { request } = await speaker(rest, era)
    for (let calls = random.int(1, 10); calls > 0 && !over.aborted; calls--) {
      const asked = anyCall(random)
      const params = { name: `${asked.server}__${asked.tool}`, arguments: asked.wish }
      const { status, text, message } = await request('tools/call', params, { patience: PATIENCE })
      if (message === undefined) tally.found('lost answer', `${who} was answered HTTP ${status}: ${text.slice(0, 200)}`)
      else if (message.id !== 1)
        tally.found('wrong answer', `${who} was answered for ${JSON.stringify(message.id)}: ${text.slice(0, 200)}`)
      else check(tally, who, asked, toldBy(message))
    }
  })
}

function toldBy({ result, error }: RpcMessage): Told {
  if (!result) return { outcome: 'rpc', text: error?.message ?? '' }
  const ours = (result['_meta'] as Record<string, unknown> | undefined)?.['castellan/outcome']
  const outcome = typeof ours === 'string' ? ours : result['isError'] === true ? 'error' : 'ok'
  return { outcome, text: result.content?.[0]?.text ?? '' }
}
