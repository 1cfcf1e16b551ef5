import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const stories = globSync('examples/*/main.ts', { cwd: root })
  .map(path => basename(dirname(path)))
  .toSorted()

for (const name of ['agent', 'debate', 'workflow']) assert.ok(stories.includes(name))

for (const name of stories) {
  test(`the example "${name}" shows what it promises`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/examples.ts', name], { cwd: root })
    assert.match(stdout, new RegExp(`✔ ${name}\n$`))
  })
}

test('an example that nobody knows is no success', async () => {
  await assert.rejects(
    promisify(execFile)(process.execPath, ['scripts/examples.ts', 'nothing'], { cwd: root }),
    (error: { code: number; stderr: string }) =>
      error.code === 1 && error.stderr.includes(`there are ${stories.join(', ')}.`),
  )
})
