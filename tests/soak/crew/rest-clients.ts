import { anyCall, check } from '../wishes.ts'
import { keep, PATIENCE, type Work } from './work.ts'

/** Callers, searchers and readers of the REST API. */
export function restClients(work: Work): Promise<void> {
  const { random, tally, rest } = work
  return keep(work, 'a REST client', async () => {
    const signal = AbortSignal.timeout(PATIENCE)
    switch (random.pick(['call', 'call', 'call', 'search', 'calls'] as const)) {
      case 'call': {
        const asked = anyCall(random)
        const body = { name: `${asked.server}__${asked.tool}`, args: asked.wish }
        const answer = await rest.ask('POST', '/api/calls', { body, signal })
        const { outcome, code, result } = answer.body as { outcome?: string; code?: string; result?: Result }
        const text = result?.content?.[0]?.text ?? ''
        return check(tally, 'a REST client', asked, { outcome: outcome ?? code ?? String(answer.status), text })
      }
      case 'search': {
        const { items } = await rest.must<{ items: unknown[] }>('GET', '/api/tools/search?q=echo', { signal })
        tally.did('searches')
        if (items.length === 0) tally.found('wrong list', 'a search for "echo" found nothing')
        return
      }
      default:
        return void (await rest.must('GET', '/api/calls?limit=20', { signal }))
    }
  })
}

interface Result {
  readonly content?: readonly { readonly text?: string }[]
}

/** A reader of the journal as it grows: every entry once and in order. */
export function journalReader(work: Work): Promise<void> {
  const { random, tally, over, rest } = work
  const headers = { authorization: `Bearer ${rest.key}` }
  let last: number | null = null
  return keep(work, 'a reader of the journal', async () => {
    last ??= await newest()
    const enough = AbortSignal.any([over, AbortSignal.timeout(random.int(500, 8_000))])
    try {
      const response = await fetch(`${rest.url}/api/journal/tail?after=${last}`, { headers, signal: enough })
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const events = (text + chunk).split('\n\n')
        text = events.pop()!
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1]
          if (data === undefined) continue
          const { offset } = JSON.parse(data) as { offset: number }
          if (offset !== last + 1) tally.found('wrong journal', `offset ${offset} was shown after ${last}`)
          last = offset
          tally.did('entries read')
        }
      }
    } catch (error) {
      if (!enough.aborted) throw error
    }
  })

  async function newest(): Promise<number> {
    const response = await fetch(`${rest.url}/metrics`, { headers })
    return Number(/^castellan_journal_offset (\d+)$/m.exec(await response.text())?.[1])
  }
}
