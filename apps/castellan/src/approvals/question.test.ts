import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anApproval } from './fixtures/approval.ts'
import { questionFor, readAnswer } from './question.ts'

test('the question says who wants what, why it is asked, and with which arguments', () => {
  const { message, requestedSchema } = questionFor(anApproval(), '{ "amount": 5 }')
  assert.equal(
    message,
    'agent-1 wants to use pay of bank (unsafe).\nIt needs approval: large sums (bank.cedar#pay)\nArguments: { "amount": 5 }',
  )
  assert.deepEqual((requestedSchema as { required: unknown }).required, ['approve'])
  assert.ok(String(questionFor(anApproval(), 'x'.repeat(1_000_000))['message']).length < 3_000)
})

test('only what is plainly a yes is one', () => {
  const accept = (content: unknown) => readAnswer({ action: 'accept', content } as never)
  assert.deepEqual(accept({ approve: true }), { agrees: true, reason: null })
  assert.deepEqual(accept({ approve: true, reason: 'ok' }), { agrees: true, reason: 'ok' })
  assert.deepEqual(accept({ approve: false, reason: 'too much' }), { agrees: false, reason: 'too much' })
  assert.deepEqual(readAnswer({ action: 'decline', content: { approve: true } }), { agrees: false, reason: null })
  const nothing = [
    accept({}), accept({ approve: 'true' }), accept({ approve: 1 }), accept(null), accept([true]), accept(undefined),
    readAnswer({ action: 'cancel', content: { approve: true } }), readAnswer({ content: { approve: true } }), readAnswer({}),
  ] // prettier-ignore
  assert.deepEqual(nothing, nothing.map(() => null)) // prettier-ignore
})

test('a reason is kept in a form that every store takes', () => {
  const reason = `a\0b${'x'.repeat(499)}\ud800`
  const said = readAnswer({ action: 'accept', content: { approve: false, reason } })?.reason
  assert.ok(said?.isWellFormed() && !said.includes('\0') && said.length <= 500)
})
