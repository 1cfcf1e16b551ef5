import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { notFound } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { limitsSpec, wireLimits } from '../wire/rules.ts'

export function ruleRoutes(app: TypedApp, { registry, rules, engines, directory }: Core): void {
  listRoute(app, '/api/limits', {
    operationId: 'listLimits',
    tags: ['limits'],
    summary: 'What bounds whom',
    access: look,
    item: wire.limits,
    all: ({ identity }) => rules.limits(identity.tenant),
    idOf: each => each.name,
    show: wireLimits,
  })
  app.put(
    '/api/limits/:name',
    {
      schema: {
        operationId: 'putLimits',
        tags: ['limits'],
        summary: 'Make or change limits',
        params: z.object({ name: wire.line(64) }),
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
  removeRoute(app, '/api/limits/:name', {
    operationId: 'removeLimits',
    tags: ['limits'],
    summary: 'Remove limits',
    remove: (name, actor) => rules.removeLimits(name, actor),
  })
  app.get(
    '/api/policies',
    {
      schema: {
        operationId: 'getPolicies',
        tags: ['policies'],
        summary: 'The policies in force',
        response: { 200: wire.policySet },
      },
    },
    async request => {
      const set = rules.policySet(callerOf(request, look).identity.tenant)
      if (!set) throw notFound('policy set')
      return { files: { ...set.files }, digest: set.digest, version: set.version }
    },
  )
  app.put(
    '/api/policies',
    {
      schema: {
        operationId: 'putPolicies',
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
        operationId: 'checkPolicies',
        tags: ['policies'],
        summary: 'Check policies without putting them in force',
        body: wire.policyFiles,
        response: { 200: z.object({ problems: z.array(wire.policyProblem) }) },
      },
    },
    async request => {
      callerOf(request, look)
      return { problems: rules.checkPolicies(request.body.files).map(problem => ({ ...problem })) }
    },
  )
  app.get(
    '/api/policies/engines',
    {
      schema: {
        operationId: 'listPolicyEngines',
        tags: ['policies'],
        summary: 'Who decides, and what keeps them from it now',
        response: { 200: z.object({ engines: z.array(wire.policyEngine) }) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const asked = engines.map(async engine => ({
        name: engine.name,
        fail_open: engine.failOpen,
        trouble: await engine.trouble(tenant, AbortSignal.timeout(PATIENCE)),
      }))
      return { engines: await Promise.all(asked) }
    },
  )
  app.put(
    '/api/secrets/:name',
    {
      schema: {
        operationId: 'putSecret',
        tags: ['secrets'],
        summary: 'Seal a secret that servers may refer to; it cannot be read back',
        params: z.object({
          name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 letters, digits and . _ -'),
        }),
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

/** Milliseconds for engines to show that they can decide: as long as a decision may take at most. */
const PATIENCE = 30_000
