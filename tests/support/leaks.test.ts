import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'

describe('a test file fails when it leaves running', { concurrency: 3 }, () => {
  const leaks = {
    'leaked-timer': /still running after the last test of .*: 1 Timeout/,
    'leaked-server': /still running after the last test of .*: 1 TCPServerWrap, server on \{"address":"127\.0\.0\.1"/,
    'leaked-socket': /still running after the last test of .*: 1 TCPSocketWrap, socket to port \d+/,
    'leaked-process': /still running after the last test of .*: .*1 ProcessWrap.*process\.stdin\.resume/,
    'leaked-quiet-process': /still running after the last test of .*: child \d+ .*process\.stdin\.resume/,
    'leaked-worker': /still running after the last test of .*: worker thread 1/,
  }
  for (const [fixture, expected] of Object.entries(leaks)) {
    test(fixture, async () => {
      const { code, output } = await run(fixture)
      assert.equal(code, 1, output)
      assert.match(output, expected)
    })
  }
})

test('a test file that cleans up after itself passes', async () => {
  const { code, output } = await run('clean')
  assert.equal(code, 0, output)
  assert.match(output, /^# pass 1$/m)
})

test('processes started by a test are left alone', async () => {
  const { code, output } = await run('starts-processes')
  assert.equal(code, 0, output)
})

function run(fixture: string): Promise<{ code: number; output: string }> {
  const env: NodeJS.ProcessEnv = { ...process.env }
  delete env['NODE_TEST_CONTEXT']
  delete env['CASTELLAN_LEAKS_WATCHED']
  const preload = new URL('./leaks.ts', import.meta.url).href
  const file = `${import.meta.dirname}/fixtures/${fixture}.ts`
  const args = ['--test', '--test-reporter=tap', '--test-timeout=20000', '--import', preload, file]
  return new Promise(done => {
    execFile(process.execPath, args, { env, timeout: 25_000 }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? -1) : 0, output: stdout + stderr })
    })
  })
}
