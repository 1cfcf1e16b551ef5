import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

const passes = "import { test } from 'node:test'\ntest('holds', () => {})\n"
const fails =
  "import { test } from 'node:test'\nconsole.log('a clue')\ntest('breaks', () => { throw new Error('because') })\n"
const skips = "import { test } from 'node:test'\ntest('needs a service', { skip: 'no PostgreSQL' }, () => {})\n"

test("a run ends with node's closing lines", async t => {
  const { code, lines } = await run(t, passes)
  assert.equal(code, 0)
  assert.match(lines[0]!, /^✔ x\.test\.ts \(1 tests, /)
  assert.deepEqual(lines.slice(-8, -1), [
    '# tests 1', '# suites 0', '# pass 1', '# fail 0', '# cancelled 0', '# skipped 0', '# todo 0',
  ]) // prettier-ignore
  assert.match(lines.at(-1)!, /^# duration_ms /)
})

test('a failure is shown with its place, its reason and what the file printed', async t => {
  const { code, lines } = await run(t, fails)
  assert.equal(code, 1)
  const text = lines.join('\n')
  assert.match(text, /✖ x\.test\.ts:3 breaks\n {2}Error: because/)
  assert.match(text, /printed:\n {2}a clue/)
})

test('a skipped test is named with its reason', async t => {
  const { code, lines } = await run(t, skips)
  assert.equal(code, 0)
  assert.ok(lines.includes('- x.test.ts needs a service: no PostgreSQL'), lines.join('\n'))
})

test('with CASTELLAN_REQUIRE_SERVICES=1 a skipped test fails the run', async t => {
  const { code, lines } = await run(t, skips, { CASTELLAN_REQUIRE_SERVICES: '1' })
  assert.equal(code, 1)
  assert.match(lines.at(-1)!, /^# duration_ms /)
})

test('with CASTELLAN_WITHOUT as well, only tests that need what it names may be skipped', async t => {
  const without = { CASTELLAN_REQUIRE_SERVICES: '1', CASTELLAN_WITHOUT: 'onnx opa' }
  const needsOpa = skips.replace('no PostgreSQL', 'there is no opa; make one with: npm run opa')
  assert.equal((await run(t, needsOpa, without)).code, 0)
  assert.equal((await run(t, needsOpa, { CASTELLAN_REQUIRE_SERVICES: '1' })).code, 1)
  assert.equal((await run(t, skips, without)).code, 1)
})

function run(t: TestContext, text: string, extra: NodeJS.ProcessEnv = {}): Promise<{ code: number; lines: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-reporter-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'x.test.ts'), text)
  const env: NodeJS.ProcessEnv = { ...process.env, CASTELLAN_REQUIRE_SERVICES: '', CASTELLAN_WITHOUT: '', ...extra }
  delete env['NODE_TEST_CONTEXT']
  const args = ['--test', `--test-reporter=${new URL('./test-reporter.ts', import.meta.url).href}`, 'x.test.ts']
  return new Promise(done => {
    execFile(process.execPath, args, { cwd: folder, env }, (error, stdout) => {
      done({ code: error ? Number(error.code) : 0, lines: stdout.trim().split('\n') })
    })
  })
}
