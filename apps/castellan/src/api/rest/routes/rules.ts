import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import { pageOf } from '../page.ts'
import type { TypedApp } from '../route.ts'
import { limitsSpec, wireLimits } from '../wire/rules.ts'

const look = { scope: 'read', roles: ['admin', 'auditor'] } as const
const write = { scope: 'write', roles: ['admin'] } as const
const byName = z.object({ name: wire.line(64) })

export function ruleRoutes(app: TypedApp, { registry, rules, directory }: Core): void {
  app.get(
    '/api/limits',
    {
      schema: {
        tags: ['limits'],
        summary: 'Limits',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.limits) },
      },
    },
    request =>
      pageOf(rules.limits(callerOf(request, look).identity.tenant), request.query, each => each.name, wireLimits),
  )
  app.put(
    '/api/limits/:name',
    {
      schema: {
        tags: ['limits'],
        summary: 'Make or change limits',
        params: byName,
        body: wire.limitsInput,
        response: { 200: wire.limits },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { to } = request.body
      if (to !== 'everyone' && 'principal' in to) await directory.principals.get(actor.tenant, to.principal)
      return wireLimits(await rules.putLimits(limitsSpec(request.params.name, request.body, to), actor))
    },
  )
  app.delete(
    '/api/limits/:name',
    { schema: { tags: ['limits'], summary: 'Remove limits', params: byName, response: { 204: z.null() } } },
    async (request, reply) => {
      await rules.removeLimits(request.params.name, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/api/policies',
    { schema: { tags: ['policies'], summary: 'The policies in force', response: { 200: wire.policySet } } },
    request => {
      const set = rules.policySet(callerOf(request, look).identity.tenant)
      if (!set) throw fault('NOT_FOUND', { what: 'policy set' })
      return { files: { ...set.files }, digest: set.digest, version: set.version }
    },
  )
  app.put(
    '/api/policies',
    {
      schema: {
        tags: ['policies'],
        summary: 'Replace the policies; a bad set changes nothing',
        body: wire.policyFiles,
        response: { 200: wire.policySet },
      },
    },
    async request => {
      const set = await rules.putPolicies(request.body.files, callerOf(request, write).actor)
      return { files: { ...set.files }, digest: set.digest, version: set.version }
    },
  )
  app.post(
    '/api/policies/check',
    {
      schema: {
        tags: ['policies'],
        summary: 'Check policies without putting them in force',
        body: wire.policyFiles,
        response: { 200: z.object({ problems: z.array(wire.policyProblem) }) },
      },
    },
    request => {
      callerOf(request, look)
      return { problems: rules.checkPolicies(request.body.files).map(problem => ({ ...problem })) }
    },
  )
  app.put(
    '/api/secrets/:name',
    {
      schema: {
        tags: ['secrets'],
        summary: 'Seal a secret that servers may refer to; it cannot be read back',
        params: z.object({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be a plain name') }),
        body: wire.secretValue,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await registry.putSecret(request.params.name, request.body.value, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
}
