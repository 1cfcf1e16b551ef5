import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitingFor } from './progress.ts'

test('what takes longer than a second shows what it waits for, and leaves no trace', async () => {
  const frames: string[] = []
  const { promise, resolve } = Promise.withResolvers<string>()
  const work = waitingFor('calling a tool', promise, {
    interactive: true,
    err: text => {
      frames.push(text)
      resolve('done')
    },
  })
  assert.equal(await work, 'done')
  assert.match(frames[0]!, /calling a tool … 1 s/)
  assert.equal(frames.at(-1), '\r\u001B[K')
})

test('what is quick shows nothing, and what fails fails as it did', async () => {
  const shown: string[] = []
  const terminal = { interactive: true, err: (text: string) => void shown.push(text) }
  assert.equal(await waitingFor('x', Promise.resolve(1), terminal), 1)
  await assert.rejects(waitingFor('x', Promise.reject(new Error('so')), terminal), /so/)
  assert.deepEqual(shown, [])
})
