import type { Command } from 'commander'
import type { Session, SessionStep } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { everything } from './everything.ts'
import { properties, shortened, table } from './output.ts'

export function sessionsCommand(program: Command, line: CommandLine): void {
  const sessions = program.command('sessions').description('Sessions that were opened, and what was done in them')
  sessions
    .command('list', { isDefault: true })
    .description('List sessions, newest first; members see their own')
    .action(async () => {
      const plane = line.controlPlane()
      const items = await line.during(
        'listing',
        everything(page => plane.sessions.list(page)),
      )
      line
        .speak()
        .result({ items }, found => (found.items.length === 0 ? 'There is no session.' : sessionTable(found.items)))
    })
  sessions
    .command('show <id>')
    .description('Show the totals and the steps of a session')
    .action(async (id: string) => {
      const plane = line.controlPlane()
      const [session, steps] = await line.during('reading', Promise.all([plane.sessions.get(id), stepsOf(plane, id)]))
      line.speak().result({ ...session, steps }, inWords)
    })
}

async function stepsOf(plane: ControlPlane, id: string): Promise<SessionStep[]> {
  const all: SessionStep[] = []
  let after: number | null = 0
  while (after !== null) {
    const page: Awaited<ReturnType<ControlPlane['sessions']['steps']>> = await plane.sessions.steps(id, {
      after,
      limit: 1_000,
    })
    all.push(...page.items)
    after = page.next
  }
  return all
}

function sessionTable(sessions: readonly Session[]): string {
  const rows = sessions.map(({ id, name, principal, state, totals, opened_at }) => {
    const denied = deniedIn(totals.decisions)
    return [id, name, principal.name, state, totals.steps, denied, totals.cost, opened_at]
  })
  return table(['id', 'name', 'principal', 'state', 'steps', 'denied', 'cost', 'opened'], rows)
}

function inWords({ steps, ...session }: Session & { readonly steps: readonly SessionStep[] }): string {
  const { totals } = session
  const about = properties([
    ['id', session.id],
    ['name', session.name],
    ['principal', session.principal.name],
    ['model', session.model_name],
    ['state', session.state],
    ['opened', session.opened_at],
    ['closed', session.closed_at],
    ['preflight', session.preflight.verdict],
    ['steps', totals.steps],
    ['decisions', countsOf(totals.decisions)],
    ['tools', countsOf(totals.tools)],
    ['tokens', `${totals.tokens_in} in, ${totals.tokens_out} out`],
    ['cost', totals.unpriced === 0 ? totals.cost : `${totals.cost}, and ${totals.unpriced} steps without a price`],
  ])
  if (steps.length === 0) return about
  const rows = steps.map(step => [
    step.number,
    step.channel,
    step.selected_tool,
    step.decision,
    `${Math.round(step.latency_ms)} ms`,
    shortened(step.error ?? step.output_text ?? '', 60) || null,
  ])
  return `${about}\n\n${table(['step', 'channel', 'tool', 'decision', 'took', 'said'], rows)}`
}

function deniedIn(decisions: Session['totals']['decisions']): number {
  return Object.entries(decisions).reduce((sum, [name, count]) => sum + (name.startsWith('denied_') ? count : 0), 0)
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
