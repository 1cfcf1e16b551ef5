import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlPlane } from '../../../../../tests/support/control-plane.ts'

test('who offers models is told with what keeps them, and without their settings', async () => {
  const providers = JSON.stringify({
    openai: { kind: 'openai', api_key: 'env:NOWHERE_SET' },
    local: { kind: 'openai-compatible', base_url: 'http://127.0.0.1:11434/v1', headers: { 'x-key': 'hunter2' } },
  })
  await using castellan = await controlPlane({ modelsProviders: providers })
  const { items } = await castellan.ask<{ items: { name: string; kind: string; trouble: string | null }[] }>(
    'GET',
    '/api/model-providers',
  )
  assert.deepEqual(items.map(({ name, kind }) => [name, kind]), [['local', 'openai-compatible'], ['openai', 'openai']]) // prettier-ignore
  assert.equal(items[0]?.trouble, null)
  assert.match(items[1]?.trouble ?? '', /a secret it needs cannot be read: the environment .* has no such variable/)
  assert.doesNotMatch(JSON.stringify(items), /NOWHERE_SET|hunter2|11434/)
})
