import { readFile } from 'node:fs/promises'
import type { Approval, Run, RunLine } from '../../../packages/contracts/src/index.ts'
import type { Rest } from '../../support/rest.ts'
import type { RunsReport } from './report.ts'
import type { Wanted } from './work.ts'

/** Whoever answers what runs ask, looks what became of a call whose end nobody saw, and says it. */
export class Person {
  /** Runs that were told that nobody can say what became of a call. */
  readonly gaveUp = new Set<string>()
  readonly #ledger: string
  readonly #report: RunsReport

  /** `ledger` is the file in which the tool server writes down its effects. */
  constructor(ledger: string, report: RunsReport) {
    this.#ledger = ledger
    this.#report = report
  }

  /** Does for a run what it needs; resolves with whether it has ended. */
  async tend(rest: Rest, id: string): Promise<boolean> {
    const run = await rest.must<Run>('GET', `/api/runs/${id}`)
    for (const { step, for: what } of run.waits ?? [])
      if (what === 'answer') await say(rest, `/api/runs/${id}/steps/${step}/answer`, { agrees: true })
    for (const step of run.in_doubt ?? []) await this.#settle(rest, id, id, step)
    const inside = await rest.must<{ items: Run[] }>('GET', `/api/runs?parent=${id}`)
    for (const child of inside.items) {
      if (child.state !== 'parked') continue
      const { in_doubt = [] } = await rest.must<Run>('GET', `/api/runs/${child.id}`)
      for (const step of in_doubt) await this.#settle(rest, child.id, id, step)
    }
    return run.ended_at !== null
  }

  /** Agrees to every call that waits for it. */
  async agree(rest: Rest): Promise<void> {
    for (const { id } of await rest.all<Approval>('/api/approvals?state=pending'))
      await say(rest, `/api/approvals/${id}/approve`, {})
  }

  /** Stops a run, unless it has ended. */
  async stop(rest: Rest, id: string): Promise<void> {
    await say(rest, `/api/runs/${id}/cancel`, {})
  }

  /** How often each effect took place. */
  async effects(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    for (const line of (await readFile(this.#ledger, 'utf8')).split('\n')) {
      const id = line.split(' ')[1]
      if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return counts
  }

  async #settle(rest: Rest, id: string, root: string, step: string): Promise<void> {
    const { items } = await rest.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1000`)
    const asked = items.find(line => line.type === 'tool.requested' && line.data['step'] === step)!
    const { id: what, die } = asked.payload as Wanted
    const happened = (await this.effects()).has(what)
    // What would kill again is not asked for again.
    const as = happened ? 'happened' : die === undefined || die === 'never' ? 'retry' : 'unknown'
    if (as === 'unknown') this.gaveUp.add(root)
    if (await say(rest, `/api/runs/${id}/steps/${step}/settle`, { as })) this.#report.settled++
  }
}

/** Whether it was taken: somebody may have been asked, and have died before they could say so. */
async function say(rest: Rest, path: string, body: object): Promise<boolean> {
  const { status, body: problem } = await rest.ask('POST', path, { body })
  if (status >= 300 && status !== 409 && status !== 400)
    throw new Error(`POST ${path} answered ${status}: ${JSON.stringify(problem)}`)
  return status < 300
}
