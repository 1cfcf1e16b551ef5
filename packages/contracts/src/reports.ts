import { z } from 'zod'
import type { Problem } from './problem.ts'
import { id, line, moment, timestamp } from './common.ts'
import { sessionStep } from './sessions.ts'

export const reportFormat = z.enum(['json', 'xlsx', 'html'])
export type ReportFormat = z.infer<typeof reportFormat>

/** What a report is about: exactly one of the three. */
export const reportQuery = z
  .strictObject({
    /** A session that was opened, or an id that clients gave theirs. */
    session: line(500).optional(),
    /** The run that calls were said to be of. */
    run: line(500).optional(),
    /** Everything from then on. */
    since: moment.optional(),
    format: reportFormat.default('json'),
    /** Answers with lines of JSON that tell how far it is, and carry the file in parts. */
    progress: z.stringbool().default(false),
  })
  .refine(({ session, run, since }) => [session, run, since].filter(each => each !== undefined).length === 1, {
    path: ['session'],
    message: 'there must be exactly one of session, run and since',
  })
export interface ReportQuery extends Omit<z.input<typeof reportQuery>, 'progress'> {}

/** One line of a report with progress: the last is `end`, or the problem that ended it. */
export type ReportLine =
  | { progress: { doing: 'reading' | 'writing'; done: number; of: number } }
  | { file: { name: string; media_type: string; steps: number } }
  /** Bytes in base64. */
  | { part: string }
  | { end: true }
  | { problem: Problem }

const counts = z.record(z.string(), z.int())
/** In the currency of the prices. */
const money = z.number()

/** A step of a session, or a call that was made outside of any step. */
export const reportStep = z
  .object({
    at: timestamp,
    /** What the call cost by the prices of tools; null when nobody said, or none was made. */
    call_cost: money.nullable(),
    call_id: z.string().nullable(),
    /** Tokens the call used by what its result or the prices say. */
    call_tokens: z.int(),
    channel: sessionStep.shape.channel,
    /** What the step cost by the price of its model; null without one. */
    cost_est: money.nullable(),
    /** `ok`, `error`, a denial code, or another wire name of an outcome; `open` for a call whose end is not known yet. */
    decision: z.string(),
    error: z.string().nullable(),
    /** Which guard stopped the call, and why; for those who may read the journal, null and none for others. */
    guard: z.string().nullable(),
    guardrail_signals: z.array(
      z.object({
        action: z.string(),
        category: z.string(),
        confidence: z.number(),
        fingerprint: z.string().nullable(),
        metric: z.string(),
      }),
    ),
    latency_ms: z.number().nullable(),
    /** Of the step in its session, from 1; null for a call outside of any step. */
    number: z.int().nullable(),
    output_text: z.string().nullable(),
    reasons: z.array(z.string()),
    reused_fingerprints: z.array(z.string()),
    role: sessionStep.shape.role,
    run_id: z.string().nullable(),
    selected_tool: z.string().nullable(),
    step_id: id.nullable(),
    tokens_guessed: z.boolean(),
    tokens_in: z.int(),
    tokens_out: z.int(),
  })
  .meta({ id: 'ReportStep' })
export type ReportStep = z.infer<typeof reportStep>

/** What a session came to in the report, without its steps. */
export const reportSession = z
  .object({
    closed_at: timestamp.nullable(),
    first_at: timestamp.nullable(),
    /** `opened` here; `named` by its client; `loose` for the calls of a principal that named no session. */
    kind: z.enum(['opened', 'named', 'loose']),
    last_at: timestamp.nullable(),
    model_name: z.string().nullable(),
    name: z.string().nullable(),
    opened_at: timestamp.nullable(),
    principal: z.object({ id: z.string(), name: z.string().nullable() }),
    session_id: z.string().nullable(),
    totals: z.object({
      cost: money,
      decisions: counts,
      denied: z.int(),
      steps: z.int(),
      tokens_in: z.int(),
      tokens_out: z.int(),
      /** Steps and calls that nobody knows the price of. */
      unpriced: z.int(),
    }),
  })
  .meta({ id: 'ReportSession' })
export type ReportSession = z.infer<typeof reportSession>

export const reportSummary = z
  .object({
    cost: z.object({
      by_model: z.array(
        z.object({
          cost: money,
          model_name: z.string().nullable(),
          steps: z.int(),
          tokens_in: z.int(),
          tokens_out: z.int(),
          unpriced: z.int(),
        }),
      ),
      by_tool: z.array(z.object({ calls: z.int(), cost: money, tokens: z.int(), tool: z.string(), unpriced: z.int() })),
      total: money,
      unpriced: z.int(),
    }),
    decisions: counts,
    denials: z.array(z.object({ code: z.string(), count: z.int(), tool: z.string().nullable() })),
    first_at: timestamp.nullable(),
    last_at: timestamp.nullable(),
    /** Exact, by nearest rank. Null when nothing took any time. */
    latency_ms: z
      .object({ count: z.int(), max: z.number(), p50: z.number(), p95: z.number(), p99: z.number() })
      .nullable(),
    reused_fingerprints: z.object({ distinct: z.int(), total: z.int() }),
    tokens: z.object({ guessed_steps: z.int(), in: z.int(), of_calls: z.int(), out: z.int() }),
    tools_used: counts,
    /** Calls that were made outside of any step; they count as steps, too. */
    total_loose_calls: z.int(),
    total_sessions: z.int(),
    total_steps: z.int(),
    violations: z.array(z.object({ action: z.string(), category: z.string(), count: z.int(), metric: z.string() })),
  })
  .meta({ id: 'ReportSummary' })
export type ReportSummary = z.infer<typeof reportSummary>

/** What a report is about, as it was asked for. */
export const reportScope = z.object({
  run: z.string().optional(),
  session: z.string().optional(),
  since: z.string().optional(),
})
export type ReportScope = z.infer<typeof reportScope>

/** The same journal gives the same bytes: keys are in order, and nothing tells when the report was made. */
export const report = z
  .object({
    mcp_details: z.object({
      sessions: z.array(reportSession.extend({ steps: z.array(reportStep) })),
      summary: reportSummary,
    }),
    report: z.object({
      scope: reportScope,
      /** `own` has what the asker did, `all` what everybody of the tenant did. */
      sees: z.enum(['own', 'all']),
      version: z.literal(1),
    }),
  })
  .meta({ id: 'Report' })
export type Report = z.infer<typeof report>
