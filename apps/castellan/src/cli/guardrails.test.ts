import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { run } from './fixtures/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-guardrails-'))
after(() => rmSync(folder, { recursive: true }))

const input = async () => 'Write to ann.marsh@example.org\n'

describe('castellan guardrails scan', () => {
  test('says where something was found and what it is, and shows no secret', async () => {
    const { code, out } = await run(['guardrails', 'scan'], { input })
    assert.equal(code, 0)
    assert.match(out, /redact +pii +email +9–30/)
    assert.match(out, /Verdict: redact\./)
    assert.doesNotMatch(out, /ann\.marsh/)
  })

  test('reads a file, and prints it without what was found', async () => {
    const file = join(folder, 'a.txt')
    writeFileSync(file, await input())
    const { code, out } = await run(['guardrails', 'scan', file, '--redacted'])
    assert.deepEqual([code, out.trimEnd()], [0, 'Write to [redacted:email]'])
  })

  test('fails when the text is blocked', async () => {
    const { code, out } = await run(['guardrails', 'scan', '--mode', 'hard_gate', '--json'], { input })
    assert.equal(code, 1)
    const { verdict, signals, rules_hash: hash } = JSON.parse(out)
    assert.deepEqual([verdict, signals[0].action], ['block', 'block'])
    assert.match(hash, /^sha256:/)
  })

  test('says so when there is nothing', async () => {
    const { code, out } = await run(['guardrails', 'scan'], { input: async () => 'The bus leaves at noon.' })
    assert.deepEqual([code, out.trimEnd()], [0, 'Nothing was found.'])
  })

  test('names what it does not understand', async () => {
    const missing = await run(['guardrails', 'scan', join(folder, 'missing.txt')])
    assert.equal(missing.code, 2)
    assert.match(missing.err, /cannot be read/)
    const stage = await run(['guardrails', 'scan', '--stage', 'breakfast'], { input })
    assert.equal(stage.code, 2)
    assert.match(stage.err, /tool_manifest/)
  })
})
