import { z } from 'zod'
import { effect, id, line, moment, pattern, role, text, timestamp } from './common.ts'
import type { Problem } from './problem.ts'
import { policyTexts } from './rules.ts'

/** What all engines together say of a call. */
export const ruling = z.enum(['allow', 'needs_approval', 'dry_run', 'deny'])
export type Ruling = z.infer<typeof ruling>

export const policyDecision = z
  .object({
    /** As in the setting `policy.engines`. */
    engine: z.string(),
    allow: z.boolean(),
    /** Ids of the policies that decided, or why no decision could be made. */
    reasons: z.array(z.string()),
    /** Of the policies that decided. */
    digest: z.string(),
    /** Version of the tenant's policies with this digest; null when it is none of them. */
    version: z.int().nullable(),
    /** What is demanded of a call that is allowed: `require_approval`, `redact`, `dry_run`. */
    obligations: z.array(z.string()),
    /** The engine's own name for the decision. */
    decision_id: z.string().optional(),
    revision: z.string().optional(),
  })
  .meta({ id: 'PolicyDecision' })
export type PolicyDecision = z.infer<typeof policyDecision>

/** What policy was asked about a call, but for its arguments. */
const question = z
  .object({
    principal: z.object({ id: z.string(), kind: z.string(), name: z.string(), roles: z.array(role) }),
    method: z.string(),
    server: z.string(),
    name: z.string(),
    effect,
    open_world: z.boolean(),
    trusted: z.boolean(),
    /** What the session had read, such as `untrusted`. */
    labels: z.array(z.string()),
    /** What the guardrails saw in the arguments, such as `secrets`. */
    found: z.array(z.string()),
    via: z.string(),
    dry_run: z.boolean(),
  })
  .meta({ id: 'PolicyQuestion' })

export const callDecision = z
  .object({
    call_id: id,
    at: timestamp,
    /** What became of the call; null while it is open. */
    outcome: z.string().nullable(),
    /** Null when policy was not asked. */
    ruling: ruling.nullable(),
    decisions: z.array(policyDecision),
    /** The guard that stopped the call; null when none did. */
    stopped_by: z.object({ guard: z.string(), reasons: z.array(z.string()) }).nullable(),
    question: question.nullable(),
    /** Values only for administrators; secrets for nobody. Null when there are none, see `kept`. */
    args: z.record(z.string(), z.unknown()).nullable(),
    /** Whether the arguments are kept as policy saw them, without secrets, no longer, or never were. */
    kept: z.enum(['whole', 'redacted', 'gone', 'never']),
    /** What the engines would say now; a ruling of null says in `why` what keeps them from being asked. */
    today: z.object({
      ruling: ruling.nullable(),
      /** Whether it is the ruling of then; null when it is not known. */
      same: z.boolean().nullable(),
      decisions: z.array(policyDecision),
      why: z.string().nullable(),
    }),
  })
  .meta({ id: 'CallDecision' })
export type CallDecision = z.infer<typeof callDecision>

export const policyVersion = z
  .object({
    version: z.int(),
    digest: z.string(),
    /** When it was put in force. */
    at: timestamp,
    /** Id of who did it. */
    principal: z.string(),
    /** The version whose files were taken up again; null when they were given. */
    restores: z.int().nullable(),
    /** Names of its files. */
    files: z.array(z.string()),
  })
  .meta({ id: 'PolicyVersion' })
export type PolicyVersion = z.infer<typeof policyVersion>

export const policyVersionDetail = policyVersion
  .extend({ files: z.record(z.string(), z.string()) })
  .meta({ id: 'PolicyVersionDetail' })
export type PolicyVersionDetail = z.infer<typeof policyVersionDetail>

export const replayInput = z
  .strictObject({
    /** The Cedar files that are tried. */
    files: policyTexts.optional(),
    /** Or a compiled OPA bundle, in base64. */
    bundle: text(90_000_000)
      .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64')
      .optional(),
    /** Calls begun at this time or later. */
    since: moment.default('7d'),
    /** Calls begun before; until now when it is left out. */
    until: moment.optional(),
    /** Id of who called. */
    principal: line(200).optional(),
    /** Pattern over `server/name`. */
    tool: pattern.optional(),
  })
  .meta({ id: 'PolicyReplayWish' })
export type ReplayInput = z.input<typeof replayInput>

export const replayReport = z
  .object({
    engine: z.string(),
    /** Of the policies that were tried. */
    candidate: z.string(),
    /** Of those in force. */
    in_force: z.string(),
    since: timestamp,
    until: timestamp,
    /** Calls within what was wished for. */
    calls: z.int(),
    judged: z.int(),
    /** Those of the judged that would be ruled otherwise. */
    changed: z.int(),
    /** Calls nothing is said about, by why. */
    unjudged: z.object({
      /** Something before policy refused them. */
      not_asked: z.int(),
      /** Decided by a version that did not keep what it was asked. */
      unrecorded: z.int(),
      /** Their arguments were erased. */
      gone: z.int(),
      /** Secrets were taken out of their arguments where the policies look. */
      redacted: z.int(),
    }),
    /** Calls on which the policies in force do not repeat what they said then: the caller had left, or the engine failed. */
    unrepeated: z.int(),
    /** The most frequent first. */
    changes: z.array(
      z.object({
        principal: z.object({ id: z.string(), name: z.string() }),
        tool: z.string(),
        from: ruling,
        to: ruling,
        calls: z.int(),
        /** Ids of the first of them. */
        examples: z.array(id),
        /** What the candidate gives as reasons. */
        reasons: z.array(z.string()),
      }),
    ),
    /** Changed calls that are in no line of `changes`, because there would be too many. */
    beyond: z.int(),
  })
  .meta({ id: 'PolicyReplayReport' })
export type ReplayReport = z.infer<typeof replayReport>

/** One line of the answer to a replay: how far it is, and in the end the report, or the problem that ended it. */
export type ReplayLine =
  | { readonly progress: { readonly calls: number; readonly changed: number; readonly at: string } }
  | { readonly report: ReplayReport }
  | { readonly problem: Problem }
