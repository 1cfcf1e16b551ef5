import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { type Approval, mayDecide, wireApproval } from '../../../approvals/index.ts'
import type { Identity } from '../../../identity/index.ts'
import { fault, isId, notFound } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { decide, look, see, use, write } from '../allowed.ts'
import { callerOf, correlationOf, type RestCaller } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { approvalRuleSpec, wireApprovalRule } from '../wire/approval.ts'

const tags = ['approvals']

export function approvalRoutes(app: TypedApp, { approvals }: Pick<Core, 'approvals'>): void {
  app.get(
    '/api/approvals',
    {
      schema: {
        operationId: 'listApprovals',
        tags,
        summary: 'What waits for people to agree, and what became of it, newest first; of members, their own',
        querystring: wire.paging.extend({ state: wire.approvalState.optional() }),
        response: { 200: wire.listOf(wire.approval) },
      },
    },
    async request => {
      const { identity } = callerOf(request, see)
      const { after, limit, state } = request.query
      if (after !== undefined && !isId(after))
        throw fault('REQUEST_INVALID', { why: '"after" must be the id of an approval' })
      const filter = {
        ...(state === undefined ? {} : { state }),
        ...(seesAll(identity) ? {} : { principal: identity.principal.id }),
      }
      const found = await approvals.list(identity.tenant, filter, after ?? null, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(wireApproval), next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/api/approvals/:id',
    {
      schema: {
        operationId: 'getApproval',
        tags,
        summary: 'One of them, with the arguments of the call as far as the caller may see them',
        params: byId,
        response: { 200: wire.approvalDetail },
      },
    },
    async request => {
      const { identity } = callerOf(request, see)
      const approval = await found(identity.tenant, request.params.id)
      const own = approval.asked.by.id === identity.principal.id
      const decides = mayDecide(approval, identity)
      if (!own && !decides && !seesAll(identity)) throw notFound('approval', request.params.id)
      return {
        ...wireApproval(approval),
        arguments: await approvals.argumentsOf(approval, decides ? 'decides' : 'looks'),
      }
    },
  )

  const acting = (
    what: 'approve' | 'reject' | 'cancel',
    summary: string,
    access: typeof decide,
    act: (approval: Approval, caller: RestCaller, reason: string | null) => Promise<Approval>,
  ) =>
    app.post(
      `/api/approvals/:id/${what}`,
      {
        schema: {
          operationId: `${what}Approval`,
          tags,
          summary,
          params: byId,
          body: wire.approvalDecision.nullable(),
          response: { 200: wire.approval },
        },
      },
      async request => {
        const caller = callerOf(request, access)
        const approval = await found(caller.identity.tenant, request.params.id)
        return wireApproval(await act(approval, caller, request.body?.reason ?? null))
      },
    )
  for (const is of ['approve', 'reject'] as const) {
    const summary = is === 'approve' ? 'Agree that the call is made, once' : 'Refuse it; one refusal is enough'
    acting(is, summary, decide, ({ tenant, id }, { identity, correlationId }, reason) =>
      approvals.act(tenant, id, { is, by: { is: 'principal', identity, through: 'rest' }, reason }, correlationId),
    )
  }
  acting(
    'cancel',
    'Take back what one asked for, or agreed to and was not used',
    use,
    ({ tenant, id }, { identity, correlationId }, reason) =>
      approvals.act(tenant, id, { is: 'cancel', by: identity, reason }, correlationId),
  )

  listRoute(app, '/api/approval-rules', {
    operationId: 'listApprovalRules',
    tags,
    summary: 'Who approves what, and how',
    access: look,
    item: wire.approvalRule,
    all: ({ identity }) => approvals.rules.list(identity.tenant),
    idOf: each => each.name,
    show: wireApprovalRule,
  })
  app.put(
    '/api/approval-rules/:name',
    {
      schema: {
        operationId: 'putApprovalRule',
        tags,
        summary: 'Make or change an approval rule; what was asked before keeps to the old one',
        params: z.object({ name: wire.line(64) }),
        body: wire.approvalRuleInput,
        response: { 200: wire.approvalRule },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wireApprovalRule(await approvals.rules.put(approvalRuleSpec(request.params.name, request.body), actor))
    },
  )
  removeRoute(app, '/api/approval-rules/:name', {
    operationId: 'removeApprovalRule',
    tags,
    summary: 'Remove an approval rule',
    remove: (name, actor) => approvals.rules.remove(name, actor),
  })

  async function found(tenant: string, id: string): Promise<Approval> {
    if (!isId(id)) throw notFound('approval', id)
    return approvals.get(tenant, id)
  }
}

/** Where answers to notices go. Whoever answers carries no key of ours: the token in the body lets it in, once. */
export function approvalCallbackRoute(app: TypedApp, { approvals }: Pick<Core, 'approvals'>): void {
  app.post(
    '/api/approvals/:id/callback',
    {
      schema: {
        operationId: 'answerApprovalNotice',
        tags,
        summary: 'Answer a notice with the token that came with it',
        security: [],
        params: byId,
        body: wire.approvalCallback,
        response: { 200: wire.approval.pick({ id: true, state: true }) },
      },
    },
    async (request, reply) => {
      const correlationId = correlationOf(request)
      reply.header('x-correlation-id', correlationId)
      const { token, decision, reason = null } = request.body
      const agrees = decision === 'approve'
      const { id, state } = await approvals.answered(request.params.id, token, { agrees, reason }, correlationId)
      return { id, state }
    },
  )
}

/** Members see what they asked for; they are not told of the rest. */
function seesAll({ roles }: Identity): boolean {
  return (['admin', 'operator', 'auditor'] as const).some(role => roles.includes(role))
}
