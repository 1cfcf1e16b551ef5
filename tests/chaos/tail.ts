import type { Rest } from '../support/rest.ts'

/** Every journal entry that was shown to a reader: the hash of its leaf by its offset. */
export class Tail {
  readonly seen = new Map<number, string>()
  #last = 0

  /** Follows the journal as Server-Sent Events from the last entry seen until it breaks off. */
  async follow(rest: Rest, over: AbortSignal): Promise<void> {
    const headers = { authorization: `Bearer ${rest.key}` }
    try {
      const response = await fetch(`${rest.url}/api/journal/tail?after=${this.#last}`, { headers, signal: over })
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const events = (text + chunk).split('\n\n')
        text = events.pop()!
        for (const event of events) this.#see(event)
      }
    } catch {
      // It breaks off when the control plane is killed.
    }
  }

  #see(event: string): void {
    const data = /^data: (.*)$/m.exec(event)?.[1]
    if (data === undefined) return
    const { offset, leafhash } = JSON.parse(data) as { offset: number; leafhash: string }
    this.seen.set(offset, leafhash)
    this.#last = offset
  }
}
