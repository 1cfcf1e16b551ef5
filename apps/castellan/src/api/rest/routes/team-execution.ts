import * as wire from '@castellan/contracts'
import type { Run } from '../../../runs/index.ts'
import { beginTeam } from '../../begin-told.ts'
import type { Core } from '../../core.ts'
import { executeRoutes, startRoute } from '../execute-routes.ts'
import { byId, byTeamId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { type MemberRun, wireTeamExecution } from '../wire/team.ts'

const tags = ['teams']

type Parts = Pick<Core, 'agents' | 'teams' | 'runs' | 'registry' | 'clock'>

export function teamExecutionRoutes(app: TypedApp, parts: Parts): void {
  const { runs } = parts
  const shared = {
    tags,
    summary: 'Have a team do something, and wait for its answer',
    body: wire.executeTeam,
    answer: wire.teamExecution,
    patience: ({ timeout_seconds: seconds }: { readonly timeout_seconds: number }) => seconds * 1_000,
    async show(run: Run, lines: Parameters<typeof wireTeamExecution>[1]) {
      return wireTeamExecution(run, lines, runs.look(run, lines), await membersOf(parts, run))
    },
  }
  executeRoutes(app, runs, {
    ...shared,
    paths: { '/api/teams/:id/execute': 'executeTeam' },
    params: byId,
    begin: ({ params, body, caller }) => beginTeam(parts, params.id, body, caller),
  })
  executeRoutes(app, runs, {
    ...shared,
    paths: { '/teams/:team_id/execute': 'executeTeamShort' },
    params: byTeamId,
    begin: ({ params, body, caller }) => beginTeam(parts, params.team_id, body, caller),
  })
  startRoute(app, '/api/teams/:id/runs', {
    operationId: 'startTeam',
    tags,
    summary: 'Have a team do something, and do not wait',
    body: wire.startTeam,
    begin: (id, said, caller) => beginTeam(parts, id, said, caller),
  })
}

/** Every run inside of one, in the order in which they began, with all that they did. */
async function membersOf({ runs }: Pick<Core, 'runs'>, { tenant, id }: Run): Promise<readonly MemberRun[]> {
  const found: Run[] = []
  for (let before: string | null = null; ;) {
    const page: Run[] = await runs.list(tenant, { parent: id }, before, PAGE)
    found.unshift(...page.toReversed())
    if (page.length < PAGE) break
    before = page.at(-1)!.id
  }
  return Promise.all(found.map(async run => ({ run, lines: await runs.lines(run) })))
}

const PAGE = 100
