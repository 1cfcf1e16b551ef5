import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestJson } from '../kernel/index.ts'
import type { Catalog, Primitive } from './capability.ts'
import { catalogChange } from './catalog-change.ts'
import { emptyDiscovery } from './fixtures/discovery.ts'

function catalog(...items: readonly [Primitive, string, string][]): Catalog {
  return {
    ...emptyDiscovery,
    server: 's',
    capabilities: items.map(([primitive, name, description]) => ({
      server: 's',
      primitive,
      name,
      definition: { name, description },
      digest: digestJson({ name, description }),
      impliedEffect: null,
    })),
    discoveredAt: '',
  }
}

test('the same catalogue again is no change', () => {
  assert.equal(catalogChange(catalog(['tool', 'a', '1']), catalog(['tool', 'a', '1'])), null)
})

test('what came, went and changed is counted, and the lists it shows in are named', () => {
  const change = catalogChange(
    catalog(['tool', 'a', '1'], ['tool', 'b', '1'], ['prompt', 'p', '1']),
    catalog(['tool', 'a', '2'], ['tool', 'c', '1'], ['prompt', 'p', '1']),
  )
  assert.deepEqual(change, {
    tools: true,
    resources: false,
    prompts: false,
    facts: { added: 1, changed: 1, removed: 1 },
  })
})

test('a first catalogue is all new', () => {
  assert.deepEqual(catalogChange(undefined, catalog(['resource', 'r', '1']))?.facts, {
    added: 1,
    changed: 0,
    removed: 0,
  })
})
