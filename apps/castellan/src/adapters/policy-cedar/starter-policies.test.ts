import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { parsePolicyTable, runPolicyTable } from '../../gate/index.ts'
import { digestJson } from '../../kernel/index.ts'
import { cedarPolicyEngine } from './index.ts'

const read = (name: string) => readFileSync(new URL(`../../../policies/${name}`, import.meta.url), 'utf8')

describe('the starter policies', async () => {
  const files = { 'starter.cedar': read('starter.cedar') }
  const cases = parsePolicyTable('starter.test.yaml', parse(read('starter.test.yaml')))
  const engine = cedarPolicyEngine()
  engine.load({ tenant: 'default', files, digest: digestJson(files), version: 1 })

  for (const { name, why } of await runPolicyTable(engine, 'default', cases, new AbortController().signal)) {
    test(name, () => assert.equal(why, null))
  }

  test('the ways to go on that they suggest are valid, too', () => {
    const suggested = read('starter.cedar')
      .split('\n')
      .filter(line => line.startsWith('//   '))
      .map(line => line.slice('//   '.length))
      .join('\n')
    assert.match(suggested, /@id\(/)
    assert.deepEqual(engine.check({ ...files, 'suggested.cedar': suggested }), [])
  })
})
