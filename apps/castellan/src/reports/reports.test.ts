import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { ReportScope } from '@castellan/contracts'
import { openSqlite } from '../adapters/store-sql/index.ts'
import { temporaryFolder } from '../adapters/store-sql/testing/temporary-folder.ts'
import { detectors, Guardrails } from '../guardrails/index.ts'
import type { Identity } from '../identity/index.ts'
import { type Draft, Journal } from '../journal/index.ts'
import { manualClock, newId } from '../kernel/index.ts'
import { Reports } from './reports.ts'

const guardrails = new Guardrails(detectors())
const clock = manualClock('2026-03-01T00:00:00.000Z')
const HOUR = 3_600_000

let folder: ReturnType<typeof temporaryFolder>
let stores: Awaited<ReturnType<typeof openSqlite>>
let journal: Journal
let reports: Reports
let tenant: string
before(async () => {
  folder = temporaryFolder()
  stores = await openSqlite({ folder: folder.path, clock })
  journal = new Journal(stores.journal, clock)
  reports = new Reports({ journal, guardrails: async () => guardrails, nameOf: async (_, id) => (id === 'ann' ? 'Ann of ann@example.org' : null) }) // prettier-ignore
})
beforeEach(() => void (tenant = newId()))
after(async () => {
  await stores.close()
  folder[Symbol.dispose]()
})

interface Made {
  readonly by?: string
  readonly session?: string | null
  readonly run?: string
  readonly step?: string
  readonly outcome?: string
  readonly end?: string
}

/** The lines that the gate leaves of a call. */
function call({ by = 'ann', session = null, run, step, outcome = 'ok', end = by }: Made = {}): [Draft, Draft] {
  const line = {
    tenant,
    stream: `call:${newId()}`,
    correlationId: 'c',
    ...(step === undefined ? {} : { causationId: step }),
  }
  const about = { server: 'files', capability: 'read' }
  return [
    {
      ...line,
      principal: by,
      seq: 0,
      type: 'call.intended',
      data: { ...about, session, ...(run === undefined ? {} : { run }) },
    },
    { ...line, principal: end, seq: 1, type: 'call.ended', data: { ...about, outcome, latency_ms: 5 } },
  ]
}

function denial(reasons: readonly string[], by = 'ann'): Draft {
  return { tenant, stream: `call:${newId()}`, correlationId: 'c', principal: by, seq: 0, type: 'call.denied', data: { outcome: 'denied_policy', guard: 'policy', reasons, asked: 'files__write', session: null } } // prettier-ignore
}

function opening(id: string, by = 'ann', name = 'invoices'): Draft {
  return { tenant, stream: `session:${id}`, correlationId: 'c', principal: by, seq: 0, type: 'session.opened', data: { name, model: 'acme/large' } } // prettier-ignore
}

function aStep(session: string, number: number, more: { id?: string; call?: string; text?: string } = {}): Draft {
  const { id = newId(), call: callId = null, text = null } = more
  return {
    tenant,
    stream: `session:${session}`,
    correlationId: 'c',
    principal: 'ann',
    seq: number,
    type: 'session.step',
    data: { step_id: id, number, role: 'assistant', channel: 'llm_to_tool', selected_tool: 'files__read', decision: 'ok', output_text: text, error: null, latency_ms: 1, tokens_in: 1, tokens_out: 1, tokens_guessed: false, cost_est: 0.5, guardrail_signals: [], reused_fingerprints: [], call_id: callId, at: clock.now().toISOString() },
  } // prettier-ignore
}

async function told(scope: ReportScope, asker: { by?: string; everything?: boolean; of?: string } = {}) {
  const { by = 'ann', everything = true, of = tenant } = asker
  const ended = new AbortController()
  const identity = { tenant: of, principal: { id: by } } as Identity
  try {
    const since = scope.since === undefined ? null : new Date(scope.since)
    const report = await reports.open({ scope, since, identity, everything }, ended.signal)
    const steps = []
    for (const session of report.sessions)
      for await (const page of report.steps(session)) steps.push(...page.map(({ step }) => ({ ...step, session })))
    return { ...report, steps }
  } finally {
    ended.abort()
  }
}

const kindsOf = ({ sessions }: Awaited<ReturnType<typeof told>>) => sessions.map(({ kind, session_id: id, totals }) => [kind, id, totals.steps]) // prettier-ignore
const longAgo = '2020-01-01T00:00:00.000Z'

describe('a report on all since a time', () => {
  test('misses no call: those outside of sessions are sessions of their own kind', async () => {
    const id = newId()
    const stepId = newId()
    await journal.append(opening(id), ...call({ session: id, step: stepId }))
    await journal.append(
      aStep(id, 1, { id: stepId, call: 'c1' }),
      ...call({ session: id }),
      ...call({ session: 'talk' }),
    )
    await journal.append(...call({ session: 'talk', by: 'bob' }), ...call(), ...call({ by: 'bob' }), denial(['no']))
    const report = await told({ since: longAgo })
    assert.deepEqual(kindsOf(report), [['opened', id, 2], ['named', 'talk', 1], ['named', 'talk', 1], ['loose', null, 2], ['loose', null, 1]]) // prettier-ignore
    assert.deepEqual(report.summary.decisions, { denied_policy: 1, ok: 6 })
    assert.equal(report.summary.total_loose_calls, 6)
    assert.deepEqual(report.steps.map(({ step_id: each }) => each).filter(Boolean), [stepId], 'the call of a step is not told twice') // prettier-ignore
  })

  test('has a call whose step was never written, one whose end is not known, and one that a sweep ended', async () => {
    const id = newId()
    const [begun] = call()
    await journal.append(opening(id), ...call({ session: id, step: newId() }), begun)
    await journal.append(...call({ by: 'bob', end: 'system', outcome: 'indeterminate' }))
    const report = await told({ since: longAgo })
    assert.deepEqual(report.steps.map(({ decision, session }) => [decision, session.kind, session.principal.id]).sort(), [['indeterminate', 'loose', 'bob'], ['ok', 'opened', 'ann'], ['open', 'loose', 'ann']]) // prettier-ignore
    const own = await told({ since: longAgo }, { by: 'bob', everything: false })
    assert.deepEqual(own.steps.map(({ decision }) => decision), ['indeterminate']) // prettier-ignore
  })

  test('begins exactly there, also for a call that began long before', async () => {
    await journal.append(...call())
    const [intent, end] = call({ session: 'slow' })
    await journal.append(intent)
    clock.advance(48 * HOUR)
    const since = clock.now().toISOString()
    clock.advance(HOUR)
    // What a process could not write at once is written later than it was sealed.
    await journal.append(end, ...call({ session: 'new' }))
    const report = await told({ since })
    assert.deepEqual(kindsOf(report), [
      ['named', 'slow', 1],
      ['named', 'new', 1],
    ])
  })

  test('finds its beginning in a long journal, among the entries of others', async () => {
    const begun = clock.now().getTime()
    for (let hour = 0; hour < 40; hour++) {
      await journal.append(...call({ session: `h${hour}` }), { ...denial(['x']), tenant: newId() })
      clock.advance(HOUR)
    }
    for (const hour of [0, 7, 39, 40]) {
      const { sessions } = await told({ since: new Date(begun + hour * HOUR).toISOString() })
      assert.deepEqual(sessions.map(({ session_id: id }) => id), Array.from({ length: 40 - hour }, (_, n) => `h${hour + n}`)) // prettier-ignore
    }
  })

  test('is of nothing when nothing was done, and never of another tenant', async () => {
    await journal.append(...call())
    assert.equal((await told({ since: longAgo }, { of: newId() })).summary.total_steps, 0)
  })
})

describe('a report on a session', () => {
  test('has its steps and the calls made under its id, and no others', async () => {
    const [id, other] = [newId(), newId()]
    await journal.append(opening(id), opening(other), aStep(id, 1), aStep(other, 1), aStep(id, 2))
    await journal.append(...call({ session: id }), ...call({ session: id, by: 'bob' }))
    const report = await told({ session: id }, { everything: false })
    assert.deepEqual(kindsOf(report), [['opened', id, 3]])
    assert.deepEqual([report.summary.cost.total, report.sessions[0]?.model_name], [1, 'acme/large'])
  })

  test('is there before its first step, and not for others', async () => {
    const id = newId()
    await journal.append(opening(id))
    assert.equal((await told({ session: id })).summary.total_steps, 0)
    await assert.rejects(told({ session: id }, { by: 'bob', everything: false }), { code: 'NOT_FOUND' })
    await assert.rejects(told({ session: id }, { of: newId() }), { code: 'NOT_FOUND' })
    await assert.rejects(told({ session: newId() }), { code: 'NOT_FOUND' })
  })

  test('can be on an id that a client gave', async () => {
    await journal.append(...call({ session: 'talk-7' }))
    assert.deepEqual(kindsOf(await told({ session: 'talk-7' })), [['named', 'talk-7', 1]])
  })
})

test('a report on a run has its calls', async () => {
  await journal.append(
    ...call({ run: 'r1' }),
    ...call({ run: 'r2', session: 'talk' }),
    ...call({ run: 'r1', session: 'talk' }),
  )
  assert.equal((await told({ run: 'r1' })).summary.total_steps, 2)
  await assert.rejects(told({ run: 'r3' }), { code: 'NOT_FOUND' })
})

test('texts and names are masked, and reasons are for those who may read the journal', async () => {
  const id = newId()
  await journal.append(
    opening(id, 'ann', 'for bob@example.org'),
    aStep(id, 1, { text: 'pay with 4111 1111 1111 1111' }),
  )
  await journal.append(denial(['asked by bob@example.org']), ...call({ session: 'of bob@example.org' }))
  const all = await told({ since: longAgo })
  const shown = JSON.stringify([all.steps, all.sessions, all.summary])
  assert.doesNotMatch(shown, /example\.org|4111/)
  assert.match(shown, /for \[redacted:email\]/)
  assert.deepEqual(all.steps.find(({ guard }) => guard)?.reasons, ['asked by [redacted:email]'])
  const own = await told({ since: longAgo }, { everything: false })
  assert.deepEqual([own.sees, own.steps.flatMap(({ reasons, guard }) => [...reasons, ...(guard === null ? [] : [guard])])], ['own', []]) // prettier-ignore
})

test('only so many are made at a time', async () => {
  await journal.append(...call())
  const identity = { tenant, principal: { id: 'ann' } } as Identity
  const wish = { scope: { since: longAgo }, since: new Date(longAgo), identity, everything: true }
  const readers = Array.from({ length: 4 }, () => new AbortController())
  await Promise.all(readers.map(({ signal }) => reports.open(wish, signal)))
  await assert.rejects(reports.open(wish, new AbortController().signal), { code: 'REPORT_LIMIT' })
  for (const reader of readers) reader.abort()
  assert.equal((await told({ since: longAgo })).summary.total_steps, 1)
})
