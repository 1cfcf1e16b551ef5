import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '../../../../tests/support/random.ts'
import { openSqlite } from '../adapters/store-sql/index.ts'
import { temporaryFolder } from '../adapters/store-sql/testing/temporary-folder.ts'
import { Journal } from '../journal/index.ts'
import { digestJson, Fault, isoTime, type ManualClock, manualClock, newId } from '../kernel/index.ts'
import type { Stores } from '../adapters/store-sql/index.ts'
import type { FourEyes } from './approval-rule.ts'
import type { Approvals, Wish } from './approvals.ts'
import { aWish, someone } from './fixtures/approval.ts'
import { approvalsOver } from './fixtures/approvals-over.ts'

const MINUTE = 60_000
const ROUNDS = 80
const STEPS = 30

/** Those who may decide; `agent-1` is also who asks. */
const people = ['olga', 'otto', 'oona', 'agent-1'].map(id => someone(id))

test('no interleaving of decisions, expiry and use lets a call run without quorum, or twice', async () => {
  using folder = temporaryFolder()
  const clock = manualClock()
  await using stores = await openSqlite({ folder: folder.path, clock })
  const journal = new Journal(stores.journal, clock)
  const seed = Number(process.env['SEED'] ?? 20261121)
  const random = randomFrom(seed)
  let runs = 0
  let asked = 0
  for (let round = 0; round < ROUNDS; round++) {
    const tenant = `t${round}`
    const approvals = approvalsOver(stores.approvals, journal, clock)
    const quorum = random.int(1, 3)
    const fourEyes = random.pick<FourEyes>(['always', 'machines', 'never'])
    await putRule(approvals, tenant, quorum, fourEyes)
    const wish = aWish({ tenant, binding: digestJson([tenant]) })
    const ran: Run[] = []
    for (let step = 0; step < STEPS; step++) {
      const together = Array.from({ length: random.int(1, 5) }, () => random.int(0, 99))
      await Promise.all(together.map(dice => act(dice, { stores, approvals, clock, wish, ran, pick: random.pick })))
      if (random.chance(0.2)) clock.advance(random.int(1, 25) * MINUTE)
    }
    runs += ran.length
    asked += await judge(stores, tenant, quorum, fourEyes, ran, `seed ${seed}, round ${round}`)
  }
  assert.ok(runs > ROUNDS / 2, `only ${runs} calls ran, so little was seen`)
  assert.ok(asked > runs, 'some questions came to nothing')
})

interface Run {
  readonly callId: string
  readonly approvalId: string
  readonly at: string
}

interface Scene {
  readonly stores: Stores
  readonly approvals: Approvals
  readonly clock: ManualClock
  readonly wish: Wish
  readonly ran: Run[]
  readonly pick: <T>(list: readonly T[]) => T
}

async function act(dice: number, scene: Scene): Promise<void> {
  const { approvals, stores, wish, pick } = scene
  const [newest] = await stores.approvals.approvals(wish.tenant, {}, null, 1)
  const tell = (command: Parameters<Approvals['act']>[2]) =>
    newest ? approvals.act(wish.tenant, newest.id, command).catch(unlessFault) : undefined
  if (dice < 40) await call(scene)
  else if (dice < 80)
    await tell({ is: 'approve', by: { is: 'principal', identity: pick(people), through: 'rest' }, reason: null })
  else if (dice < 88) await tell({ is: 'approve', by: { is: 'callback' }, reason: null })
  else if (dice < 92)
    await tell({ is: 'reject', by: { is: 'principal', identity: pick(people), through: 'rest' }, reason: null })
  else if (dice < 95) await tell({ is: 'cancel', by: pick(people), reason: null })
  else await approvals.expireOverdue()
}

/** What the gate does with a call that needs approval. */
async function call({ approvals, stores, clock, wish, ran }: Scene): Promise<void> {
  const standing = await approvals.standing(wish)
  if (standing.is !== 'given') return
  const id = newId()
  try {
    const { approval, entry } = approvals.use(standing.approval, { id, principal: 'agent-1' })
    await stores.calls.open(record(wish.tenant, id, clock), [entry], [], 'now', { approval })
    ran.push({ callId: id, approvalId: approval.id, at: isoTime(clock.now()) })
  } catch (error) {
    unlessFault(error)
  }
}

/** Resolves with how many questions there were. */
async function judge(
  stores: Stores,
  tenant: string,
  quorum: number,
  fourEyes: FourEyes,
  ran: readonly Run[],
  where: string,
) {
  const all = await stores.approvals.approvals(tenant, {}, null, 1_000)
  const used = all.filter(({ state }) => state === 'used')
  assert.equal(new Set(ran.map(each => each.approvalId)).size, ran.length, `${where}: an approval was used twice`)
  assert.deepEqual(used.map(({ usedBy }) => usedBy).toSorted(), ran.map(({ callId }) => callId).toSorted(), where)
  assert.ok(all.filter(({ state }) => state === 'pending' || state === 'approved').length <= 1, where)
  for (const { approvalId, at } of ran) {
    const { decisions, expiresAt } = used.find(({ id }) => id === approvalId)!
    const agreed = decisions.filter(({ agrees }) => agrees).map(({ by }) => by)
    assert.ok(new Set(agreed).size >= quorum, `${where}: ran without quorum`)
    assert.equal(agreed.length, decisions.length, `${where}: ran after a refusal`)
    assert.ok(at < expiresAt, `${where}: ran after its time`)
    if (fourEyes !== 'never') assert.ok(!agreed.includes('agent-1'), `${where}: approved its own`)
  }
  for (const approval of all) {
    const lines = await stores.journal.readStream(tenant, `approval:${approval.id}`)
    assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, seq) => seq)) // prettier-ignore
    assert.equal(lines.length, approval.version, `${where}: a change without its line`)
    assert.equal(lines.at(-1)?.type, lastLine[approval.state] ?? lines.at(-1)?.type)
  }
  return all.length
}

const lastLine: Readonly<Record<string, string>> = {
  approved: 'approval.approved',
  rejected: 'approval.rejected',
  expired: 'approval.expired',
  used: 'approval.used',
  cancelled: 'approval.cancelled',
}

async function putRule(approvals: Approvals, tenant: string, quorum: number, fourEyes: FourEyes): Promise<void> {
  const rule = { tools: ['*'], approvers: ['operator'] as const, decideWithin: 30 * MINUTE, useWithin: 10 * MINUTE }
  const spec = { ...rule, name: 'all', quorum, fourEyes, webhook: null }
  await approvals.rules.put(spec, { tenant, principal: 'system', correlationId: 'c' })
}

function record(tenant: string, id: string, clock: ManualClock) {
  return {
    id,
    tenant,
    principal: 'agent-1',
    server: 'bank',
    capability: 'pay',
    method: 'tools/call',
    effect: 'unsafe',
    digest: digestJson(id),
    idempotencyKey: null,
    correlationId: 'c',
    session: null,
    state: 'open',
    outcome: null,
    startedAt: isoTime(clock.now()),
    endedAt: null,
    labels: null,
  } as const
}

function unlessFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error
}
