import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../../kernel/index.ts'
import type { EffectClass } from '../../registry/index.ts'
import { defaultTimeouts } from '../../registry/index.ts'
import { aServer } from '../../registry/fixtures/server.ts'
import type { CallerClient, CallIo, ClientAnswer, Reply } from '../connector.ts'
import { aCall, allowed } from '../fixtures/call.ts'
import { Executor, type Send } from './execute.ts'

const ok: Reply = { is: 'result', result: { content: [] } }
const broken = (given: Partial<Extract<Reply, { is: 'broken' }>> = {}): Reply => ({
  is: 'broken',
  sent: true,
  retryable: true,
  retryAfter: null,
  why: 'connection reset',
  ...given,
})
/** What a well-behaved connector does with a server that never answers. */
const hang =
  (sent: boolean): Send =>
  (_call, io) =>
    new Promise(resolve => {
      io.signal.addEventListener('abort', () => resolve(broken({ sent, retryable: false })), { once: true })
    })

function inOrder(...replies: readonly Reply[]): { send: Send; sent: () => number } {
  let sent = 0
  return { send: async () => replies[Math.min(sent++, replies.length - 1)]!, sent: () => sent }
}

async function run(
  send: Send,
  effect: EffectClass,
  more: { timeout?: number; io?: Partial<CallIo>; executor?: Executor } = {},
) {
  const server = aServer({ timeouts: { ...defaultTimeouts, call: more.timeout ?? 10_000 } })
  const executor = more.executor ?? new Executor(send, systemClock)
  const io = { signal: new AbortController().signal, onProgress: null, client: null, ...more.io }
  return executor.run(allowed(aCall({ server, effect })), io)
}

describe('an unsafe call', () => {
  test('whose connection broke after it was sent is indeterminate, and was sent once', async () => {
    const { send, sent } = inOrder(broken(), ok)
    const { outcome } = await run(send, 'unsafe')
    assert.equal(outcome.is, 'indeterminate')
    assert.equal(sent(), 1)
  })

  test('is repeated when it is certain that nothing was sent', async () => {
    const { send, sent } = inOrder(broken({ sent: false }), ok)
    const { outcome, attempts } = await run(send, 'unsafe')
    assert.deepEqual([outcome.is, attempts, sent()], ['ok', 2, 2])
  })

  test('that times out after it was sent is indeterminate', async () => {
    const { outcome } = await run(hang(true), 'unsafe', { timeout: 20 })
    assert.equal(outcome.is, 'indeterminate')
  })

  test('that times out before anything was sent is a timeout', async () => {
    const { outcome } = await run(hang(false), 'unsafe', { timeout: 20 })
    assert.equal(outcome.is, 'timeout')
  })

  test('that is cancelled after it was sent is indeterminate', async () => {
    const controller = new AbortController()
    const running = run(hang(true), 'unsafe', { io: { signal: controller.signal } })
    controller.abort()
    assert.equal((await running).outcome.is, 'indeterminate')
  })

  test('stays indeterminate when a later attempt could not even be sent', async () => {
    const { send } = inOrder(broken({ sent: true, retryable: true }), broken({ sent: false, retryable: false }))
    assert.equal((await run(send, 'unsafe')).outcome.is, 'indeterminate')
  })
})

describe('a read', () => {
  test('is repeated after a fault that may pass, and says how often it was tried', async () => {
    const { send } = inOrder(broken(), broken(), ok)
    const { outcome, attempts } = await run(send, 'read')
    assert.deepEqual([outcome.is, attempts], ['ok', 3])
  })

  test('is not repeated for ever', async () => {
    const { send, sent } = inOrder(broken())
    const { outcome } = await run(send, 'read')
    assert.equal(sent(), 3)
    assert.deepEqual([outcome.is, outcome.is === 'failed' && outcome.fault], ['failed', 'UPSTREAM_UNREACHABLE'])
  })

  test('that is cancelled is cancelled, at once', async () => {
    const controller = new AbortController()
    const running = run(hang(true), 'read', { io: { signal: controller.signal } })
    controller.abort()
    assert.equal((await running).outcome.is, 'cancelled')
  })
})

describe('any call', () => {
  test('hands on the error of a server as it came, without repeating', async () => {
    const error = { code: -32602, message: 'no such tool', data: { a: 1 } }
    const { send, sent } = inOrder({ is: 'error', error }, ok)
    const { outcome } = await run(send, 'read')
    assert.deepEqual(outcome, { is: 'failed', error, fault: null })
    assert.equal(sent(), 1)
  })

  test('hands on the result of a server untouched', async () => {
    const result = { content: [{ type: 'text', text: 'x', odd: 1 }], _meta: { a: 1 }, isError: true, more: [null] }
    const { send } = inOrder({ is: 'result', result })
    assert.deepEqual((await run(send, 'unsafe')).outcome, { is: 'toolError', result })
  })

  test('is answered at once while the circuit is open', async () => {
    const { send, sent } = inOrder(broken({ sent: false, retryable: false }))
    const executor = new Executor(send, systemClock, { threshold: 2, rest: 60_000 })
    const first = await run(send, 'read', { executor })
    const second = await run(send, 'read', { executor })
    const third = await run(send, 'read', { executor })
    assert.deepEqual([first.opened, second.opened === null], [null, false])
    assert.equal(third.outcome.is === 'failed' && third.outcome.fault, 'CIRCUIT_OPEN')
    assert.equal(sent(), 2)
  })

  test('does not make a server rest for what broke on the way to it', async () => {
    const { send, sent } = inOrder(broken({ sent: false, retryable: false, ours: true }))
    const executor = new Executor(send, systemClock, { threshold: 2, rest: 60_000 })
    for (let time = 1; time <= 5; time++) {
      const { outcome, opened } = await run(send, 'read', { executor })
      assert.deepEqual([outcome.is === 'failed' && outcome.fault, opened, sent()], ['UPSTREAM_UNREACHABLE', null, time])
    }
  })
})

const wish: Reply = {
  is: 'inputRequired',
  result: {
    resultType: 'input_required',
    inputRequests: {
      name: { method: 'elicitation/create', params: { message: 'Who?' } },
      place: { method: 'elicitation/create', params: { message: 'Where?' } },
    },
    requestState: 'opaque',
  },
}

function aClient(answer: (message: unknown) => ClientAnswer, more: Partial<CallerClient> = {}): CallerClient {
  return {
    id: 'client',
    capabilities: { elicitation: {} },
    logLevel: null,
    takesInputRequired: false,
    notify: () => undefined,
    ask: async (_method, params) => answer(params.message),
    ...more,
  }
}

describe('a call whose server wants to know more', () => {
  test('is the wish itself for a client that comes back with the answers', async () => {
    const { send, sent } = inOrder(wish, ok)
    const client = aClient(() => assert.fail('asked'), { takesInputRequired: true })
    const { outcome } = await run(send, 'unsafe', { io: { client } })
    assert.deepEqual(outcome, { is: 'inputRequired', result: wish.is === 'inputRequired' && wish.result })
    assert.equal(sent(), 1)
  })

  test('goes on with the answers of a client that is asked meanwhile, as one attempt', async () => {
    const given: unknown[] = []
    const send: Send = async ({ call }) => {
      given.push(call.input)
      return call.input ? ok : wish
    }
    const client = aClient(message => ({ is: 'result', result: { content: { said: String(message) } } }))
    const { outcome, attempts } = await run(send, 'unsafe', { io: { client } })
    assert.deepEqual([outcome.is, attempts], ['ok', 1])
    const responses = { name: { content: { said: 'Who?' } }, place: { content: { said: 'Where?' } } }
    assert.deepEqual(given, [null, { responses, state: 'opaque' }])
  })

  test('fails with the error of a client that does not answer', async () => {
    const error = { code: -1, message: 'not now' }
    const { outcome } = await run(inOrder(wish, ok).send, 'read', {
      io: { client: aClient(() => ({ is: 'error', error })) },
    })
    assert.deepEqual(outcome, { is: 'failed', error, fault: null })
  })

  test('fails where nobody can be asked, and when there is no end of questions', async () => {
    const nobody = await run(inOrder(wish, ok).send, 'read')
    assert.match(nobody.outcome.is === 'failed' ? nobody.outcome.error.message : '', /cannot be asked/)
    const { send, sent } = inOrder(wish)
    const client = aClient(() => ({ is: 'result', result: {} }))
    const endless = await run(send, 'read', { io: { client } })
    assert.match(endless.outcome.is === 'failed' ? endless.outcome.error.message : '', /more than 16 times/)
    assert.equal(sent(), 17)
  })

  test('takes as long as its client takes to answer', async () => {
    const { promise, resolve } = Promise.withResolvers<ClientAnswer>()
    const send: Send = async ({ call }, { signal }) => (signal.aborted ? broken() : call.input ? ok : wish)
    const asked = Promise.withResolvers<void>()
    const ask = () => (asked.resolve(), promise)
    const running = run(send, 'read', { timeout: 10, io: { client: aClient(() => assert.fail(), { ask }) } })
    await asked.promise
    await new Promise(done => setTimeout(done, 30))
    resolve({ is: 'result', result: {} })
    assert.equal((await running).outcome.is, 'ok')
  })
})

test('what is under way can be given up, and whatever comes later is at once', async () => {
  const executor = new Executor(hang(true), systemClock)
  const running = run(hang(true), 'read', { executor })
  executor.breakOff()
  assert.equal((await running).outcome.is, 'cancelled')
  assert.equal((await run(hang(true), 'read', { executor })).outcome.is, 'cancelled')
})
