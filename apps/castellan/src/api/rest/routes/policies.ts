import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { explain } from '../../../gate/index.ts'
import { fault, isFault, isId, isoTime, notFound } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, rehearse, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { beginLines } from '../json-lines.ts'
import { momentOf } from '../moment.ts'
import { byId } from '../path-parts.ts'
import { problemOf } from '../problem.ts'
import type { TypedApp } from '../route.ts'
import { wireExplanation, wireReplay } from '../wire/decision.ts'

const tags = ['policies']

/** What was decided, what would be, and what was in force. */
export function policyRoutes(app: TypedApp, core: Core): void {
  const { rules, engines, decisions } = core
  app.get(
    '/api/calls/:id/decision',
    {
      schema: {
        operationId: 'explainCall',
        tags,
        summary: 'Why a call was allowed or denied, and whether it would be today',
        params: byId,
        response: { 200: wire.callDecision },
      },
    },
    async request => {
      const { identity } = callerOf(request, look)
      const { tenant } = identity
      const { id } = request.params
      const call = isId(id) ? await decisions.judgedCall(tenant, id) : undefined
      if (!call) throw notFound('call', id)
      const explanation = await explain(call, engines, AbortSignal.timeout(PATIENCE))
      const digests = [explanation.decisions, explanation.today.ruling === null ? [] : explanation.today.decisions]
      const versions = new Map<string, number>()
      for (const digest of new Set(digests.flat().map(each => each.policyDigest))) {
        const version = await rules.versionOf(tenant, digest)
        if (version !== null) versions.set(digest, version)
      }
      return wireExplanation(call, explanation, versions, identity.roles.includes('admin'))
    },
  )
  app.get(
    '/api/policies/history',
    {
      schema: {
        operationId: 'listPolicyVersions',
        tags,
        summary: 'The policies that are or were in force, newest first',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.policyVersion) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { after, limit } = request.query
      if (after !== undefined && !/^\d{1,9}$/.test(after))
        throw fault('REQUEST_INVALID', { why: '"after" must be the number of a version' })
      const found = await rules.policyHistory(tenant, after === undefined ? null : Number(after), limit + 1)
      const items = found.slice(0, limit)
      const next = found.length > limit ? String(items.at(-1)!.version) : null
      return { items: items.map(({ tenant: _, ...each }) => ({ ...each, files: [...each.files] })), next }
    },
  )
  app.get(
    '/api/policies/history/:version',
    {
      schema: {
        operationId: 'getPolicyVersion',
        tags,
        summary: 'The files of a version, by its number or its digest',
        params: z.object({ version: z.string().max(100) }),
        response: { 200: wire.policyVersionDetail },
      },
    },
    async request => {
      const { tenant: _, ...version } = await rules.policyVersion(
        callerOf(request, look).identity.tenant,
        numberOrDigest(request.params.version),
      )
      return { ...version, files: { ...version.files } }
    },
  )
  app.post(
    '/api/policies/history/:version/restore',
    {
      schema: {
        operationId: 'restorePolicies',
        tags,
        summary: 'Put an earlier version in force again; one that is no longer valid changes nothing',
        params: z.object({ version: z.string().max(100) }),
        response: { 200: wire.policySet },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { version } = await rules.policyVersion(actor.tenant, numberOrDigest(request.params.version))
      const set = await rules.restorePolicies(version, actor)
      return { files: { ...set.files }, digest: set.digest, version: set.version }
    },
  )
  app.post(
    '/api/policies/replay',
    {
      schema: {
        operationId: 'replayPolicies',
        tags,
        summary: 'Try policies on calls that were decided; one JSON object a line, the report last',
        body: wire.replayInput,
        response: {
          200: { description: 'OK', content: { 'application/x-ndjson': { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request, rehearse).identity
      const { files, bundle, since, until, principal, tool } = request.body
      if ((files === undefined) === (bundle === undefined))
        throw fault('REQUEST_INVALID', { why: 'there must be either "files" or "bundle"' })
      const now = core.clock.now()
      const wish = {
        tenant,
        since: momentOf(since, now),
        until: until === undefined ? now : momentOf(until, now),
        ...(principal === undefined ? {} : { principal }),
        ...(tool === undefined ? {} : { tool }),
      }
      const candidate = files === undefined ? { bundle: Buffer.from(bundle!, 'base64') } : { files }
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      await core.replays.run(candidate, wish, gone.signal, async ({ engine, digests, steps }) => {
        const say = beginLines<wire.ReplayLine>(reply, gone.signal)
        const about = { engine, ...digests, since: isoTime(wish.since), until: isoTime(wish.until) }
        try {
          for await (const step of steps) {
            if (step.is === 'end') await say({ report: wireReplay(about, step.replay) })
            else await say({ progress: { calls: step.calls, changed: step.changed, at: step.at } })
          }
        } catch (error) {
          if (gone.signal.aborted) return
          // The answer has begun, so that what went wrong can only be its last line.
          if (!isFault(error)) core.onBug(error)
          await say({ problem: problemOf(isFault(error) ? error : fault('INTERNAL')) })
        } finally {
          reply.raw.end()
        }
      })
      return reply
    },
  )
}

/** Milliseconds for engines to say what they would say today. */
const PATIENCE = 30_000

function numberOrDigest(given: string): number | string {
  return /^\d{1,9}$/.test(given) ? Number(given) : given
}
