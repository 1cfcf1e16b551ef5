import type { Core } from '../api/index.ts'
import { followInPages, insist, type JournalStore } from '../journal/index.ts'

type Followed = Pick<Core, 'registry' | 'rules' | 'budgets' | 'approvals' | 'sessions'>

/**
 * Reads back what other processes on the same store changed of what is kept in memory here, soon after they did: of everything after an
 * offset, which is to be older than what is in memory. What this process changed itself is read back, too: nobody need know who wrote a
 * line. Who does not probe servers reads how others found them. Ends with the signal.
 */
export async function followOthers(
  store: JournalStore,
  after: number,
  core: Followed,
  healthToo: boolean,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  for await (const entries of followInPages(store, after, signal)) {
    const changed = new Set(entries.map(({ type, stream }) => changedBy(type, stream)))
    for (const what of changed)
      if (what !== null && (what !== 'health' || healthToo))
        await insist(() => reload(core, what), signal).catch(onError)
  }
}

type Changed = 'registry' | 'rules' | 'budgets' | 'approval rules' | 'sessions' | 'health'

/** What has to be read back after a line of the journal; null for nothing. */
function changedBy(type: string, stream: string): Changed | null {
  const [topic] = type.split('.')
  switch (topic) {
    case 'server':
      if (type === 'server.health_changed') return 'health'
      return /^server\.(circuit|secret|master)/.test(type) ? null : 'registry'
    case 'grant':
    case 'group':
      return 'registry'
    case 'policy':
    case 'guardrail':
      return stream.startsWith('call:') ? null : 'rules'
    case 'budget':
      return stream.startsWith('call:') ? null : 'budgets'
    case 'approval':
      return type.startsWith('approval.rule') ? 'approval rules' : null
    case 'session':
      return type === 'session.opened' ? 'sessions' : null
    default:
      return null
  }
}

async function reload({ registry, rules, budgets, approvals, sessions }: Followed, what: Changed): Promise<unknown> {
  switch (what) {
    case 'registry':
      return registry.reload()
    case 'rules':
      return rules.load()
    case 'budgets':
      return budgets.reload()
    case 'approval rules':
      return approvals.rules.load()
    case 'sessions':
      return sessions.load()
    case 'health':
      return registry.loadHealth()
    default:
      throw what satisfies never
  }
}
