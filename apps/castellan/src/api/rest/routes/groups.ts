import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { survey, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byName } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { wireGroup } from '../wire/access.ts'

const tags = ['groups']

export function groupRoutes(app: TypedApp, { registry }: Core): void {
  listRoute(app, '/api/groups', {
    operationId: 'listGroups',
    tags,
    summary: 'Virtual servers',
    access: survey,
    item: wire.group,
    all: ({ identity }) => registry.groups.list(identity.tenant),
    idOf: group => group.name,
    show: wireGroup,
  })
  app.get(
    '/api/groups/:name',
    {
      schema: {
        operationId: 'getGroup',
        tags,
        summary: 'One virtual server',
        params: byName,
        response: { 200: wire.group },
      },
    },
    async request => wireGroup(registry.groups.get(callerOf(request, survey).identity.tenant, request.params.name)),
  )
  app.put(
    '/api/groups/:name',
    {
      schema: {
        operationId: 'putGroup',
        tags,
        summary: 'Make or change a virtual server',
        params: z.object({ name: wire.groupName }),
        body: wire.groupInput,
        response: { 200: wire.group },
      },
    },
    async request => {
      const { description = '', members } = request.body
      const spec = { name: request.params.name, description, members }
      return wireGroup(await registry.groups.put(spec, callerOf(request, write).actor))
    },
  )
  removeRoute(app, '/api/groups/:name', {
    operationId: 'removeGroup',
    tags,
    summary: 'Remove a virtual server',
    remove: (name, actor) => registry.groups.remove(name, actor),
  })
}
