import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Standing } from '../../../journal/index.ts'
import { fault, isId } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import { pageOf } from '../page.ts'
import type { TypedApp } from '../route.ts'
import { subscriptionSpec, wireDeadLetter, wireDelivery, wireSubscription } from '../wire/subscription.ts'

export function subscriptionRoutes(app: TypedApp, core: Pick<Core, 'subscriptions' | 'journal' | 'clock'>): void {
  resourceRoutes(app, core)
  letterRoutes(app, core)
}

const tags = ['subscriptions']

function resourceRoutes(
  app: TypedApp,
  { subscriptions, journal, clock }: Pick<Core, 'subscriptions' | 'journal' | 'clock'>,
): void {
  const shown = async (standing: Standing) => wireSubscription(standing, await journal.store.head())
  app.get(
    '/api/subscriptions',
    {
      schema: {
        operationId: 'listSubscriptions',
        tags,
        summary: 'Who is handed what of the journal, and how far that has got',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.subscription) },
      },
    },
    async request => {
      const { identity } = callerOf(request, look)
      // Before the subscriptions, so that none seems to be behind who is not.
      const head = await journal.store.head()
      const all = await subscriptions.list(identity.tenant)
      const name = (each: Standing) => each.subscription.name
      return pageOf(all, request.query, name, each => wireSubscription(each, head))
    },
  )
  app.post(
    '/api/subscriptions',
    {
      schema: {
        operationId: 'createSubscription',
        tags,
        summary: 'Have entries of the journal handed over',
        body: wire.subscriptionCreate,
        response: { 201: wire.subscription },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { start, ...input } = request.body
      return reply.code(201).send(await shown(await subscriptions.create(subscriptionSpec(input), start, actor)))
    },
  )
  app.get(
    '/api/subscriptions/:id',
    {
      schema: {
        operationId: 'getSubscription',
        tags,
        summary: 'One subscription, by id or name',
        params: byId,
        response: { 200: wire.subscription },
      },
    },
    async request => shown(await subscriptions.get(callerOf(request, look).identity.tenant, request.params.id)),
  )
  app.put(
    '/api/subscriptions/:id',
    {
      schema: {
        operationId: 'replaceSubscription',
        tags,
        summary: 'Describe a subscription anew; it goes on where it is',
        params: byId,
        body: wire.subscriptionInput,
        response: { 200: wire.subscription },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return shown(await subscriptions.replace(request.params.id, subscriptionSpec(request.body), actor))
    },
  )
  removeRoute(app, '/api/subscriptions/:id', {
    operationId: 'removeSubscription',
    tags,
    summary: 'Remove a subscription with all that is on its way, and its dead letters',
    remove: (idOrName, actor) => subscriptions.remove(idOrName, actor),
  })
  app.post(
    '/api/subscriptions/:id/pause',
    {
      schema: {
        operationId: 'pauseSubscription',
        tags,
        summary: 'Hand nothing more over; what matches meanwhile waits',
        params: byId,
        body: wire.pauseSubscription,
        response: { 200: wire.subscription },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const why = request.body.reason ?? 'somebody paused it'
      return shown(await subscriptions.pause(request.params.id, why, actor))
    },
  )
  app.post(
    '/api/subscriptions/:id/resume',
    {
      schema: {
        operationId: 'resumeSubscription',
        tags,
        summary: 'Go on, with what waits first',
        params: byId,
        response: { 200: wire.subscription },
      },
    },
    async request => shown(await subscriptions.resume(request.params.id, callerOf(request, write).actor)),
  )
  app.get(
    '/api/subscriptions/:id/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        tags,
        summary: 'What is on its way and has not arrived, by offset',
        params: byId,
        querystring: wire.paging.extend({ after: z.coerce.number().int().min(0).default(0) }),
        response: { 200: wire.listOf(wire.delivery) },
      },
    },
    async request => {
      const { identity } = callerOf(request, look)
      const { subscription } = await subscriptions.get(identity.tenant, request.params.id)
      const { after, limit } = request.query
      const found = await subscriptions.pending(subscription, after, limit + 1)
      const items = found.slice(0, limit)
      const next = found.length > limit ? String(items.at(-1)!.offset) : null
      return { items: items.map(each => wireDelivery(each, clock.now())), next }
    },
  )
}

function letterRoutes(app: TypedApp, { subscriptions }: Pick<Core, 'subscriptions'>): void {
  app.get(
    '/api/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        tags,
        summary: 'What could not be delivered, newest first',
        querystring: wire.paging.extend({ subscription: wire.line(200).optional() }),
        response: { 200: wire.listOf(wire.deadLetter) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { limit, subscription } = request.query
      const before = letterId(request.query.after)
      const of = subscription === undefined ? null : (await subscriptions.get(tenant, subscription)).subscription.id
      const found = await subscriptions.deadLetters(tenant, of, before, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(wireDeadLetter), next: found.length > limit ? items.at(-1)!.id : null }
    },
  )
  app.post(
    '/api/dead-letters/:id/redrive',
    {
      schema: {
        operationId: 'redriveDeadLetter',
        tags,
        summary: 'Have a dead letter delivered once more',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await subscriptions.redrive(request.params.id, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
  removeRoute(app, '/api/dead-letters/:id', {
    operationId: 'dropDeadLetter',
    tags,
    summary: 'Forget a dead letter; its entry stays in the journal',
    remove: (id, actor) => subscriptions.drop(id, actor),
  })
  app.post(
    '/api/subscriptions/:id/redrive',
    {
      schema: {
        operationId: 'redriveSubscription',
        tags,
        summary: 'Have dead letters of a subscription delivered once more, a page of them, newest first',
        params: byId,
        querystring: wire.paging,
        response: { 200: wire.redriven },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { after, limit } = request.query
      const { done, ...rest } = await subscriptions.redriveSome(request.params.id, letterId(after), limit, actor)
      return { redriven: done, ...rest }
    },
  )
  app.delete(
    '/api/subscriptions/:id/dead-letters',
    {
      schema: {
        operationId: 'dropDeadLetters',
        tags,
        summary: 'Forget dead letters of a subscription, a page of them, newest first',
        params: byId,
        querystring: wire.paging,
        response: { 200: wire.dropped },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { after, limit } = request.query
      const { done, ...rest } = await subscriptions.dropSome(request.params.id, letterId(after), limit, actor)
      return { dropped: done, ...rest }
    },
  )
}

function letterId(after: string | undefined): string | null {
  if (after !== undefined && !isId(after))
    throw fault('REQUEST_INVALID', { why: '"after" must be the id of a dead letter' })
  return after ?? null
}
