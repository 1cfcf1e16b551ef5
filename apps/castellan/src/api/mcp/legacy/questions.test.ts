import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../../kernel/index.ts'
import { Questions } from './questions.ts'

function asking(signal: AbortSignal = new AbortController().signal) {
  const said: JsonObject[] = []
  const questions = new Questions()
  const ask = () => questions.ask('roots/list', {}, signal, text => void said.push(JSON.parse(text) as JsonObject))
  return { questions, said, ask }
}

describe('a question to a client', () => {
  test('is a request of ours, and is answered by the message with its id', async () => {
    const { questions, said, ask } = asking()
    const [first, second] = [ask(), ask()]
    assert.deepEqual(
      said.map(({ method }) => method),
      ['roots/list', 'roots/list'],
    )
    questions.answered({ jsonrpc: '2.0', id: said[1]!.id!, error: { code: -1, message: 'no', data: [1] } })
    questions.answered({ jsonrpc: '2.0', id: said[0]!.id!, result: { roots: [] } })
    assert.deepEqual(await first, { is: 'result', result: { roots: [] } })
    assert.deepEqual(await second, { is: 'error', error: { code: -1, message: 'no', data: [1] } })
  })

  test('is not answered by what nobody asked, or twice', async () => {
    const { questions, said, ask } = asking()
    const answer = ask()
    const { id } = said[0]!
    const strays: readonly JsonObject[] = [{ id: 99, result: {} }, { id: String(id), result: {} }, { result: {} }]
    for (const stray of strays) questions.answered(stray)
    questions.answered({ id: id!, result: { first: true } })
    questions.answered({ id: id!, result: { first: false } })
    assert.deepEqual(await answer, { is: 'result', result: { first: true } })
  })

  test('is taken back when nobody wants the answer any more', async () => {
    const controller = new AbortController()
    const { said, ask } = asking(controller.signal)
    const answer = ask()
    controller.abort()
    assert.equal((await answer).is, 'error')
    assert.deepEqual(
      [said[1]?.method, (said[1]!.params as JsonObject).requestId],
      ['notifications/cancelled', said[0]!.id],
    )
  })

  test('that cannot be understood, comes too often, or outlives the session is an error', async () => {
    const { questions, said, ask } = asking()
    const odd = ask()
    questions.answered({ id: said[0]!.id!, error: 'no' })
    assert.equal((await odd).is, 'error')
    const open = Array.from({ length: 101 }, ask)
    assert.equal((await open[100]!).is, 'error')
    questions.close()
    assert.ok((await Promise.all(open)).every(({ is }) => is === 'error'))
  })
})
