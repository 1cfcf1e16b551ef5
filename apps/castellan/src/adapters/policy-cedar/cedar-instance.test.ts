import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CedarInstance } from './cedar-instance.ts'

test('an instance that broke is replaced, and whoever prepared something in it can tell', () => {
  const cedar = new CedarInstance()
  const deep = `permit (principal, action, resource) when { ${'('.repeat(300)}true${')'.repeat(300)} };`
  assert.equal(cedar.ask(module => module.preparsePolicySet('all', { staticPolicies: '' })).type, 'success')
  const before = cedar.generation

  assert.throws(() => cedar.ask(module => module.policySetTextToParts(deep)))

  assert.notEqual(cedar.generation, before)
  assert.equal(cedar.ask(module => module.policySetTextToParts('')).type, 'success')
  const prepared = cedar.ask(module =>
    module.statefulIsAuthorized({
      principal: { type: 'A', id: 'a' },
      action: { type: 'Action', id: 'a' },
      resource: { type: 'A', id: 'a' },
      context: {},
      entities: [],
      preparsedPolicySetId: 'all',
    }),
  )
  assert.equal(prepared.type, 'failure', 'the new instance knows nothing of what the old one had prepared')
})

test('instances share nothing', () => {
  const [one, other] = [new CedarInstance(), new CedarInstance()]
  assert.notEqual(
    one.ask(module => module),
    other.ask(module => module),
  )
})
