import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFault } from '../kernel/index.ts'
import { parsePolicyTable, runPolicyTable } from './policy-table.ts'
import type { Decision, PolicyInput } from './policy-engine.ts'

const row = { name: 'a case', call: { server: 'files', name: 'read', effect: 'read' }, expect: 'allow' }
const signal = new AbortController().signal

describe('a table of policy tests', () => {
  test('fills in what is left out with the most ordinary, and never opens anything by that', () => {
    const [parsed] = parsePolicyTable('t.yaml', [row])
    assert.deepEqual(parsed, {
      name: 'a case',
      input: {
        principal: { id: 'someone', kind: 'user', name: 'someone', roles: [] },
        method: 'tools/call',
        capability: { server: 'files', name: 'read', effect: 'read', openWorld: true, trusted: false },
        args: {},
        via: 'mcp',
        labels: [],
        found: [],
        dryRun: false,
      },
      expect: 'allow',
      because: null,
    })
  })

  test('says where it is wrong: file, case and field', () => {
    const call = row.call
    const wrong: [unknown, RegExp][] = [
      [{}, /t\.yaml: a table is a list/],
      [[], /t\.yaml: it has no cases/],
      [['text'], /t\.yaml: case 1: must be an object/],
      [[row, { ...row, name: 'b', expect: 'maybe' }], /t\.yaml: case 2 \("b"\): expect must be one of allow, deny/],
      [[row, row], /case 2: the name "a case" is used twice/],
      [[{ ...row, name: '' }], /case 1: name must be text/],
      [[{ ...row, call: undefined }], /call: must be an object/],
      [[{ name: 'n', expect: 'deny' }], /call is missing/],
      [[{ ...row, call: { ...call, effect: 'harmless' } }], /call: effect must be one of read, idempotent, unsafe/],
      [[{ ...row, call: { server: 'files', name: 'read' } }], /call: effect is missing/],
      [[{ ...row, call: { ...call, openWorld: 'no' } }], /call: openWorld must be true or false/],
      [[{ ...row, call: { ...call, args: [] } }], /call: args must be an object/],
      [[{ ...row, call: { ...call, arguments: {} } }], /call: there is no field "arguments"/],
      [[{ ...row, principal: { roles: ['king'] } }], /principal: roles may hold only admin, /],
      [
        [{ ...row, principal: { role: 'operator' } }],
        /principal: there is no field "role"; there are id, kind, name, roles/,
      ],
      [[{ ...row, expected: 'deny' }], /there is no field "expected"/],
      [[JSON.parse('{"__proto__":{"name":"x"}}')], /case 1: name is missing/],
    ]
    for (const [table, why] of wrong) {
      assert.throws(
        () => parsePolicyTable('t.yaml', table),
        error => isFault(error, 'POLICY_INVALID') && why.test(error.message),
        String(why),
      )
    }
  })

  test('reports each case: as expected, the wrong answer, or the right answer for another reason', async () => {
    const asked: PolicyInput[] = []
    const engine = {
      async decide(input: PolicyInput): Promise<Decision> {
        asked.push(input)
        return { allow: true, reasons: ['a.cedar#readers'], policyDigest: 'sha256:0' }
      },
    }
    const cases = parsePolicyTable('t.yaml', [
      row,
      { ...row, name: 'by id', because: 'readers' },
      { ...row, name: 'by file and id', because: 'a.cedar#readers' },
      { ...row, name: 'other reason', because: 'operators' },
      { ...row, name: 'end of an id', because: 'ers' },
      { ...row, name: 'wrong answer', expect: 'deny' },
    ])
    const results = await runPolicyTable(engine, 'acme', cases, signal)
    assert.deepEqual(
      results.map(({ name, passed }) => [name, passed]),
      [
        ['a case', true],
        ['by id', true],
        ['by file and id', true],
        ['other reason', false],
        ['end of an id', false],
        ['wrong answer', false],
      ],
    )
    assert.equal(results[3]!.why, 'expected allow because of operators, got it from others (a.cedar#readers)')
    assert.equal(results[5]!.why, 'expected deny, got allow (a.cedar#readers)')
    assert.ok(asked.every(input => input.tenant === 'acme'))
  })
})
