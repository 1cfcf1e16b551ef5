import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fault } from '../kernel/index.ts'
import type { ModelProvider, ModelRequest } from './model.ts'
import { ModelRouter, type ModelSource } from './model-router.ts'

describe('the models there are', () => {
  test('are found by what stands before the first slash, and loaded by the first step alone', async () => {
    const here = source()
    const router = new ModelRouter(new Map([['here', here], ['there', source()]])) // prettier-ignore
    assert.equal(here.opened, 0)
    await Promise.all([router.step(request('here/a/b:c'), never()), router.step(request('here/d'), never())])
    assert.equal(here.opened, 1)
    assert.deepEqual(here.asked, ['here/a/b:c', 'here/d'])
  })

  test('that nobody offers are unknown, and who there is is said', async () => {
    const router = new ModelRouter(new Map([['here', source()], ['there', source()]])) // prettier-ignore
    for (const model of ['nowhere/a', 'here', 'here/', '/a', '', 'constructor/a', 'HERE/a']) {
      const unknown = { code: 'MODEL_UNKNOWN', message: /\(here, there\)/ }
      await assert.rejects(router.step(request(model), never()), unknown, model)
    }
    await assert.rejects(new ModelRouter(new Map()).step(request('a/b'), never()), { message: /none is set/ })
  })

  test('whose settings were wrong are loaded again by the next step', async () => {
    const broken = source()
    const open = broken.open
    broken.open = () => Promise.reject(fault('CONFIG_INVALID', { why: 'the script a.yaml: it cannot be read' }))
    const router = new ModelRouter(new Map([['here', broken]]))
    await assert.rejects(router.step(request('here/a'), never()), { code: 'MODEL_REFUSED', message: /a\.yaml/ })
    broken.open = open
    assert.equal((await router.step(request('here/a'), never())).text, 'here/a')
  })

  test('may be asked under the name of another', async () => {
    const there = source()
    const router = new ModelRouter(new Map([['there', there]]))
    await router.under('there').step(request('tape/a/b'), never())
    assert.deepEqual(there.asked, ['there/a/b'])
  })

  test('are listed with what keeps them, without being loaded', async () => {
    const here = source()
    const router = new ModelRouter(new Map([['here', here]]))
    assert.deepEqual(await router.providers(), [{ name: 'here', kind: 'openai', trouble: 'no key' }])
    assert.equal(here.opened, 0)
  })

  test('are closed once they were loaded, and asked no more', async () => {
    const [here, there] = [source(), source()]
    const router = new ModelRouter(new Map([['here', here], ['there', there]])) // prettier-ignore
    await router.step(request('here/a'), never())
    await router.close()
    assert.deepEqual([here.closed, there.closed], [1, 0])
    await assert.rejects(router.step(request('there/a'), never()), { code: 'MODEL_UNAVAILABLE', message: /stopping/ })
    assert.equal(there.opened, 0)
  })

  test('are not even loaded for who gave up before', async () => {
    const here = source()
    const router = new ModelRouter(new Map([['here', here]]))
    const reason = new Error('given up')
    await assert.rejects(router.step(request('here/a'), AbortSignal.abort(reason)), error => error === reason)
    assert.equal(here.opened, 0)
  })
})

const never = () => new AbortController().signal

/** A provider that answers with the name of the model. */
function source() {
  const seen = { opened: 0, closed: 0, asked: [] as string[] }
  const provider: ModelProvider = {
    async step({ model }) {
      seen.asked.push(model)
      const usage = { input: 1, output: 1, cached: 0, guessed: true }
      return { text: model, calls: [], finish: 'stop', usage, answeredBy: model }
    },
    async close() {
      seen.closed++
    },
  }
  const offered: ModelSource = {
    kind: 'openai',
    async open() {
      seen.opened++
      return provider
    },
    trouble: () => Promise.resolve('no key'),
  }
  return Object.assign(seen, offered)
}

function request(model: string): ModelRequest {
  const messages = [{ role: 'user', text: 'Hello' }] as const
  return { model, messages, tools: [], toolChoice: 'auto', output: null, temperature: null, maxTokens: null }
}
