import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { survey, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { teamSpec, wireTeam } from '../wire/team.ts'

const tags = ['teams']

export function teamRoutes(app: TypedApp, { teams }: Pick<Core, 'teams'>): void {
  listRoute(app, '/api/teams', {
    operationId: 'listTeams',
    tags,
    summary: 'Teams, and who is in them',
    access: survey,
    item: wire.team,
    all: ({ identity }) => teams.list(identity.tenant),
    idOf: each => each.name,
    show: wireTeam,
  })
  app.post(
    '/api/teams',
    {
      schema: {
        operationId: 'createTeam',
        tags,
        summary: 'Describe a team',
        body: wire.teamInput,
        response: { 201: wire.team },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      return reply.code(201).send(wireTeam(await teams.create(teamSpec(request.body), actor)))
    },
  )
  app.get(
    '/api/teams/:id',
    {
      schema: {
        operationId: 'getTeam',
        tags,
        summary: 'One team, by id or name',
        params: byId,
        response: { 200: wire.team },
      },
    },
    async request => wireTeam(await teams.get(callerOf(request, survey).identity.tenant, request.params.id)),
  )
  app.put(
    '/api/teams/:id',
    {
      schema: {
        operationId: 'replaceTeam',
        tags,
        summary: 'Describe a team anew; runs that have begun finish as they began',
        params: byId,
        body: wire.teamInput,
        response: { 200: wire.team },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wireTeam(await teams.replace(request.params.id, teamSpec(request.body), actor))
    },
  )
  removeRoute(app, '/api/teams/:id', {
    operationId: 'removeTeam',
    tags,
    summary: 'Remove a team; its runs go on',
    remove: (idOrName, actor) => teams.remove(idOrName, actor),
  })
}
