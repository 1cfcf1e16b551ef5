import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openSqlite } from '../adapters/store-sql/index.ts'
import { temporaryFolder } from '../adapters/store-sql/testing/temporary-folder.ts'
import { Journal, type Post } from '../journal/index.ts'
import { fault, manualClock } from '../kernel/index.ts'
import { approvalsOver } from './fixtures/approvals-over.ts'
import { aWish, someone } from './fixtures/approval.ts'
import { CallbackTokens } from './callback-token.ts'
import { Notices } from './notices.ts'
import { pauseAfter } from './notice.ts'

const HOUR = 60 * 60_000

/** A question that somebody outside is to be told of, who answers as told. */
async function told(answer: () => Awaited<ReturnType<Post>>, secret = async () => 'key') {
  const folder = temporaryFolder()
  const clock = manualClock()
  const stores = await openSqlite({ folder: folder.path, clock })
  const journal = new Journal(stores.journal, clock)
  const approvals = approvalsOver(stores.approvals, journal, clock)
  const rule = {
    approvers: ['operator'],
    fourEyes: 'always',
    quorum: 1,
    decideWithin: 24 * HOUR,
    useWithin: null,
  } as const
  const webhook = { url: 'https://chat.example/hook', secret: 'hook' }
  const actor = { tenant: 'acme', principal: 'system', correlationId: 'c' }
  await approvals.rules.put({ name: 'all', tools: ['*'], ...rule, webhook }, actor)
  const standing = await approvals.standing(aWish())
  assert.ok(standing.is === 'pending')
  const sent: { url: string; body: string; at: number }[] = []
  const post: Post = async (url, { body }) => {
    sent.push({ url, body, at: clock.monotonic() })
    return answer()
  }
  const tokens = new CallbackTokens(new Uint8Array(32), clock.now)
  const publicUrl = () => 'https://castellan.example/'
  const store = stores.approvals
  const notices = () => new Notices({ store, journal, approvals, tokens, post, secret, publicUrl, clock })
  const one = notices()
  return {
    approvals,
    id: standing.approval.id,
    sent,
    notices,
    clock,
    turn: () => one.turn(new AbortController().signal),
    lines: async () =>
      (await stores.journal.readStream('acme', `approval-notice:${standing.approval.id}`)).map(({ type, data }) => [
        type,
        data['attempts'],
        data['why'],
      ]),
    async [Symbol.asyncDispose]() {
      await stores.close()
      folder[Symbol.dispose]()
    },
  }
}

describe('somebody outside', () => {
  test('is told once by several at once, and no more when it heard', async () => {
    await using scene = await told(() => ({ status: 204, retryAfter: null }))
    await Promise.all([scene.turn(), scene.notices().turn(new AbortController().signal), scene.turn()])
    scene.clock.advance(5 * HOUR)
    await scene.turn()
    assert.equal(scene.sent.length, 1)
    assert.equal(scene.sent[0]?.url, 'https://chat.example/hook')
    const { data } = JSON.parse(scene.sent[0].body) as { data: { callback: { url: string; token: string } } }
    assert.equal(data.callback.url, `https://castellan.example/api/approvals/${scene.id}/callback`)
    assert.deepEqual(await scene.lines(), [['approval.notified', 1, undefined]])
    const given = await scene.approvals.answered(scene.id, data.callback.token, { agrees: true, reason: null }, 'c')
    assert.equal(given.state, 'approved')
  })

  test('is told again, less and less often, until it has been told too often', async () => {
    await using scene = await told(() => ({ status: 500, retryAfter: null }))
    for (let minute = 0; minute < 24 * 60; minute++) {
      await scene.turn()
      scene.clock.advance(60_000)
    }
    assert.equal(scene.sent.length, 10)
    const pauses = scene.sent.slice(1).map(({ at }, index) => at - scene.sent[index]!.at)
    assert.ok(pauses.at(-1)! > 20 * 60_000 && pauses[0]! <= 60_000, pauses.join())
    assert.deepEqual(await scene.lines(), [['approval.notice_failed', 10, 'it answered 500']])
  })

  test('that wants nothing more is left alone', async () => {
    await using scene = await told(() => ({ status: 410, retryAfter: null }))
    await scene.turn()
    scene.clock.advance(5 * HOUR)
    await scene.turn()
    assert.equal(scene.sent.length, 1)
    assert.match(String((await scene.lines())[0]), /notice_failed,1,it answered 410/)
  })

  test('is not told of what was decided meanwhile', async () => {
    await using scene = await told(() => ({ lost: 'nobody listens' }))
    await scene.turn()
    const by = { is: 'principal', identity: someone('olga'), through: 'rest' } as const
    await scene.approvals.act('acme', scene.id, { is: 'reject', by, reason: null })
    scene.clock.advance(HOUR)
    await scene.turn()
    scene.clock.advance(HOUR)
    await scene.turn()
    assert.equal(scene.sent.length, 1)
    assert.deepEqual(await scene.lines(), [])
  })

  test('is told nothing unsigned', async () => {
    const unreadable = () => Promise.reject(fault('SECRET_UNREADABLE', { name: 'hook', why: 'it is not stored' }))
    await using scene = await told(() => ({ status: 200, retryAfter: null }), unreadable)
    await scene.turn()
    assert.deepEqual(scene.sent, [])
    assert.deepEqual(await scene.lines(), [])
  })
})

test('pauses grow to an hour, and are not all of the same length', () => {
  assert.deepEqual([1, 2, 3, 30].map(attempts => pauseAfter(attempts, 0)), [5_000, 10_000, 20_000, HOUR]) // prettier-ignore
  assert.equal(pauseAfter(1, 1), 6_000)
})
