import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { describe, test, type TestContext } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import { fixturePath } from './fixtures/stdio-target.ts'
import { expectChild, instance } from './reaper.ts'
import { findMarked } from './sweep.ts'

describe('no server outlives the control plane', { timeout: 60_000 }, () => {
  test('after kill -9 nothing is left, not even what left its process group and ignores signals', async context => {
    const { plane, mark } = await start(context, 'stay')
    await eventually('both servers have forked twice', async () => (await findMarked(mark)).length === 6)

    plane.kill('SIGKILL')

    await eventually('nothing is left', async () => (await findMarked(mark)).length === 0)
    await eventually('the reaper has ended', async () => (await reapers(mark)).length === 0)
  })

  test('kill -9 in the middle of starting servers leaves nothing either', async context => {
    // When the blow falls is left to chance; it must not matter.
    for (const milliseconds of [1, 3, 10, 30, 100]) {
      const { plane, mark } = await start(context, 'storm')
      await new Promise(resolve => setTimeout(resolve, milliseconds))
      plane.kill('SIGKILL')
      await once(plane, 'exit')
      await eventually('the reaper has ended', async () => (await reapers(mark)).length === 0)
      assert.deepEqual(await findMarked(mark), [])
    }
  })

  test('a reaper that was killed is replaced', async context => {
    const { plane, mark } = await start(context, 'stay')
    const [first] = await reapers(mark)
    process.kill(first!, 'SIGKILL')
    await eventually('there is another', async () => (await reapers(mark)).some(pid => pid !== first))

    plane.kill('SIGKILL')

    await eventually('nothing is left', async () => (await findMarked(mark)).length === 0)
    await eventually('the reaper has ended', async () => (await reapers(mark)).length === 0)
  })

  test('a control plane that closes its servers ends by itself, and its reaper with it', async context => {
    const { plane, mark } = await start(context, 'leave')
    await once(plane, 'exit')
    assert.equal(plane.exitCode, 0)
    assert.deepEqual(await findMarked(mark), [])
    await eventually('the reaper has ended', async () => (await reapers(mark)).length === 0)
  })
})

describe('a reaper', () => {
  test('stays while a child is being started, whatever ends meanwhile, and goes when there is none after all', async () => {
    const path = process.env.PATH ?? '/usr/bin:/bin'
    const nobody = 2 ** 22 + 1
    const first = expectChild(path)
    const second = expectChild(path)
    const [pid] = await reapers(instance)
    first.started(nobody)()
    assert.deepEqual(await reapers(instance), [pid])

    second.failed()

    await eventually('the reaper has ended', async () => (await reapers(instance)).length === 0)
  })
})

async function start(context: TestContext, what: string): Promise<{ plane: ChildProcess; mark: string }> {
  const plane = spawn(process.execPath, [fixturePath('control-plane.ts'), what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => plane.kill('SIGKILL'))
  const lines = createInterface({ input: plane.stdout })[Symbol.asyncIterator]()
  const mark = String((await lines.next()).value)
  assert.equal((await lines.next()).value, 'ready')
  return { plane, mark }
}

/** Ids of the reapers that look for a mark: they carry it in their arguments. */
async function reapers(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const hits = await Promise.all(
    pids.map(async pid => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
      return words.includes('castellan-reaper') && words.includes(mark) ? Number(pid) : null
    }),
  )
  return hits.filter(pid => pid !== null)
}
