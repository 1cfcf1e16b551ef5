import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { gathered } from './gathered.ts'

test('lines of one turn of the event loop are written in one go, in order, and later ones in another', async () => {
  const written: string[] = []
  const write = gathered(text => written.push(text))
  write('one\n')
  write('two\n')
  assert.deepEqual(written, [])
  await turn()
  write('three\n')
  await turn()
  assert.deepEqual(written, ['one\ntwo\n', 'three\n'])
})
