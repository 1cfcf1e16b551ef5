import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import { fault, isId } from '../../../kernel/index.ts'
import type { TriggerStanding } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf, correlationOf } from '../caller.ts'
import { sendStarted } from '../execute-routes.ts'
import { listRoute } from '../list-route.ts'
import { byId, byIdAndOffset } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { triggerSpec, wireFailure, wireTrigger } from '../wire/trigger.ts'

const tags = ['triggers']

/** What failed has its offset for an id. */
const olderThan = wire.paging.extend({ after: z.coerce.number().int().min(1).optional() })

export function triggerRoutes(app: TypedApp, core: Core): void {
  const { triggers, registry } = core
  const shown = (standing: TriggerStanding) => wireTrigger(standing, triggers.next(standing.trigger), core.publicUrl)
  listRoute(app, '/api/triggers', {
    operationId: 'listTriggers',
    tags,
    summary: 'What starts runs by itself, and how far that has got',
    access: look,
    item: wire.trigger,
    all: ({ identity }) => triggers.list(identity.tenant),
    idOf: ({ trigger }) => trigger.name,
    show: shown,
  })
  app.post(
    '/api/triggers',
    {
      schema: {
        operationId: 'createTrigger',
        tags,
        summary: 'Have runs started by entries of the journal, at times, or by calls from outside',
        body: wire.triggerInput,
        response: { 201: wire.triggerCreated },
      },
    },
    async (request, reply) => {
      const { identity, actor } = callerOf(request, write)
      const { source, name } = request.body
      const secret = secretName(name)
      const made = source.kind === 'webhook' && source.secret === undefined ? newSecret() : null
      // Before the trigger is there, so that no call finds one without.
      if (made !== null) await registry.putSecret(secret, made, actor)
      const created = shown(await triggers.create(triggerSpec(request.body, secret), identity, actor))
      return reply.code(201).send({ ...created, ...(made === null ? {} : { made_secret: made }) })
    },
  )
  app.get(
    '/api/triggers/:id',
    {
      schema: {
        operationId: 'getTrigger',
        tags,
        summary: 'One trigger, by id or name',
        params: byId,
        response: { 200: wire.trigger },
      },
    },
    async request => shown(await triggers.get(callerOf(request, look).identity.tenant, request.params.id)),
  )
  app.put(
    '/api/triggers/:id',
    {
      schema: {
        operationId: 'replaceTrigger',
        tags,
        summary: 'Describe a trigger anew; from then on it acts for whoever does',
        params: byId,
        body: wire.triggerInput,
        response: { 200: wire.trigger },
      },
    },
    async request => {
      const { identity, actor } = callerOf(request, write)
      const { trigger } = await triggers.get(actor.tenant, request.params.id)
      const secret = trigger.source.is === 'webhook' ? trigger.source.secret : secretName(request.body.name)
      const spec = triggerSpec(request.body, secret)
      return shown(await triggers.replace(trigger.id, spec, identity, actor))
    },
  )
  for (const [word, enabled, summary] of [
    ['enable', true, 'Have a trigger start runs, by what happens from now on'],
    ['disable', false, 'Have a trigger start nothing; what happens meanwhile is passed over'],
  ] as const) {
    app.post(
      `/api/triggers/:id/${word}`,
      {
        schema: { operationId: `${word}Trigger`, tags, summary, params: byId, response: { 200: wire.trigger } },
      },
      async request => shown(await triggers.enable(request.params.id, enabled, callerOf(request, write).actor)),
    )
  }
  removeRoute(app, '/api/triggers/:id', {
    operationId: 'removeTrigger',
    tags,
    summary: 'Remove a trigger; its runs go on',
    remove: (idOrName, actor) => triggers.remove(idOrName, actor),
  })
  failureRoutes(app, core)
}

function failureRoutes(
  app: TypedApp,
  { triggers, triggerFailures: failures }: Pick<Core, 'triggers' | 'triggerFailures'>,
): void {
  const named = async ({ tenant }: Pick<Actor, 'tenant'>, id: string) => (await triggers.get(tenant, id)).trigger
  app.get(
    '/api/triggers/:id/failures',
    {
      schema: {
        operationId: 'listTriggerFailures',
        tags,
        summary: 'What happened and could not be made a run, newest first',
        params: byId,
        querystring: olderThan,
        response: { 200: wire.listOf(wire.triggerFailure) },
      },
    },
    async request => {
      const trigger = await named(callerOf(request, look).identity, request.params.id)
      const { after = Infinity, limit } = request.query
      const found = await failures.list(trigger, after, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(wireFailure), next: found.length > limit ? String(items.at(-1)!.offset) : null }
    },
  )
  app.post(
    '/api/triggers/:id/failures/:offset/redrive',
    {
      schema: {
        operationId: 'redriveTriggerFailure',
        tags,
        summary: 'Make a run of what could not be one before',
        params: byIdAndOffset,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { id, offset } = request.params
      return sendStarted(reply, await failures.redrive(await named(actor, id), offsetOf(offset), actor))
    },
  )
  app.delete(
    '/api/triggers/:id/failures/:offset',
    {
      schema: {
        operationId: 'dropTriggerFailure',
        tags,
        summary: 'Forget what could not be made a run; what happened stays in the journal',
        params: byIdAndOffset,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { id, offset } = request.params
      await failures.drop(await named(actor, id), offsetOf(offset), actor)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/triggers/:id/redrive',
    {
      schema: {
        operationId: 'redriveTrigger',
        tags,
        summary: 'Make runs of what could not be one before, a page of it, newest first, as far as there is room',
        params: byId,
        querystring: olderThan,
        response: { 200: wire.redriven },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { after = Infinity, limit } = request.query
      const trigger = await named(actor, request.params.id)
      const { done, ...rest } = await failures.redriveSome(trigger, after, limit, actor)
      return { redriven: done, ...rest }
    },
  )
  app.delete(
    '/api/triggers/:id/failures',
    {
      schema: {
        operationId: 'dropTriggerFailures',
        tags,
        summary: 'Forget what could not be made a run, a page of it, newest first',
        params: byId,
        querystring: olderThan,
        response: { 200: wire.dropped },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { after = Infinity, limit } = request.query
      const trigger = await named(actor, request.params.id)
      const { done, ...rest } = await failures.dropSome(trigger, after, limit, actor)
      return { dropped: done, ...rest }
    },
  )
}

/**
 * Where triggers are called. Whoever calls carries no key of ours: the signature lets it in, over the very bytes that came, whatever they
 * say they are.
 */
export async function hookRoute(plain: FastifyInstance, { webhookCalls }: Pick<Core, 'webhookCalls'>): Promise<void> {
  plain.removeAllContentTypeParsers()
  plain.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST }, (_request, body, done) => done(null, body))
  plain.withTypeProvider<ZodTypeProvider>().post(
    '/hooks/:tenant/:id',
    {
      schema: {
        operationId: 'callTrigger',
        tags,
        summary: 'Have a trigger start a run, signed as Standard Webhooks has it',
        security: [],
        params: z.object({ tenant: wire.line(64), id: wire.line(64) }),
        response: { 202: z.object({ accepted: z.literal(true) }) },
      },
    },
    async (request, reply) => {
      reply.header('x-correlation-id', correlationOf(request))
      const { tenant, id } = request.params
      if (!isId(id)) throw fault('SIGNATURE_INVALID')
      const header = (name: string) => String(request.headers[name] ?? '')
      await webhookCalls.take(tenant, id, {
        id: header('webhook-id'),
        timestamp: header('webhook-timestamp'),
        signature: header('webhook-signature'),
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      })
      return reply.code(202).send({ accepted: true as const })
    },
  )
}

/** What is no place in the journal is one where nothing failed. */
function offsetOf(said: string): number {
  return /^\d{1,15}$/.test(said) ? Number(said) : 0
}

function secretName(trigger: string): string {
  return `trigger-${trigger}`
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** Bytes of what a call may bring. */
const LARGEST = 256 * 1024
