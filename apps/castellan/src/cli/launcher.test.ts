import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/castellan.js', import.meta.url))

describe('the launcher', () => {
  test('starts the program on the Node that it runs on', async () => {
    assert.deepEqual(await launch(process.execPath, ['--version']), { code: 0, out: '0.1.0\n' })
  })

  const old = nodeOfTheSystem()
  const skip = old === undefined && 'this system has no other Node'

  test('starts it on the Node that came along, where the system has an older one', { skip }, async () => {
    assert.deepEqual(await launch(old!, ['--version']), { code: 0, out: '0.1.0\n' })
    assert.equal((await launch(old!, ['nonsense'])).code, 2)
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`passes ${signal} on, so that what runs ends in order`, { skip }, async t => {
      const data = mkdtempSync(join(tmpdir(), 'castellan-launcher-'))
      t.after(() => rmSync(data, { recursive: true }))
      const child = start(old!, ['up', '--port', '0', '--data', data, '--log-level', 'silent'])
      const ended = once(child, 'close')
      for await (const chunk of child.stdout!) if (String(chunk).includes('first key')) break
      child.kill(signal)
      assert.deepEqual(await ended, [0, null])
      assert.equal(existsSync(join(data, 'admin.key')), true)
    })
  }
})

function nodeOfTheSystem(): string | undefined {
  const path = '/usr/bin/node'
  if (!existsSync(path)) return undefined
  const version = execFileSync(path, ['--version'], { env: {}, encoding: 'utf8' })
  return Number(version.slice(1).split('.')[0]) < 24 ? path : undefined
}

function start(node: string, argv: readonly string[]): ChildProcess {
  return spawn(node, [launcher, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } })
}

async function launch(node: string, argv: readonly string[]): Promise<{ code: number | null; out: string }> {
  const child = start(node, argv)
  let out = ''
  child.stdout!.on('data', chunk => (out += String(chunk)))
  child.stderr!.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out }
}
